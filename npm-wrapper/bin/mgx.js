#!/usr/bin/env node
import { findCli, HOW_TO_INSTALL } from "../lib/find.js";
import { run } from "../lib/run.js";

const USAGE = 2;
const UNAVAILABLE = 6;

try {
  const cli = findCli(process.env);
  if (cli) {
    run(cli.command, [...cli.args, ...process.argv.slice(2)]);
  } else {
    console.error(HOW_TO_INSTALL);
    process.exitCode = UNAVAILABLE;
  }
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = USAGE;
}

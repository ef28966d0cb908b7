#!/usr/bin/env node
import { findCli } from "../lib/find.js";
import { run } from "../lib/run.js";

const USAGE = 2;
const UNAVAILABLE = 6;

try {
  const cli = findCli(process.env);
  run(cli.command, [...cli.args, ...process.argv.slice(2)]);
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = error.unavailable ? UNAVAILABLE : USAGE;
}

"use strict";
// Loaded by each Node.js process of a test command (NODE_OPTIONS). vitest, jest and mocha take a reporter from their command
// line only, and npm, make or another script may stand before it: the one that is a test runner is asked for a report here.
const { existsSync } = require("node:fs");
const path = require("node:path");
const { isMainThread } = require("node:worker_threads");

const reports = process.env.MGX_REPORTS;
const program = (process.argv[1] || "").replace(/\\/g, "/");
const name = path.posix.basename(program).replace(/\.[cm]?js$/, "");
const given = process.argv.slice(2);
const changed = (process.env.MGX_COVERAGE || "").split("\n").filter(Boolean);

const has = (...options) => given.some((word) => options.some((option) => word === option || word.startsWith(`${option}=`)));

function add(...words) {
  const end = process.argv.indexOf("--", 2);
  process.argv.splice(end < 0 ? process.argv.length : end, 0, ...words);
}

function drop(...options) {
  for (let at = process.argv.length - 1; at > 1; at--) {
    const word = process.argv[at];
    if (options.includes(word)) process.argv.splice(at, 2);
    else if (options.some((option) => word.startsWith(`${option}=`))) process.argv.splice(at, 1);
  }
}

// What the runner itself measures of the changed files, where it brings a tool for that and is not told to measure already.
function vitestCoverage() {
  const provider = ["v8", "istanbul"].find((one) => existsSync(`node_modules/@vitest/coverage-${one}`));
  if (!changed.length || !provider || given.some((word) => word.startsWith("--coverage"))) return;
  add("--coverage.enabled", `--coverage.provider=${provider}`, "--coverage.reporter=lcovonly", `--coverage.reportsDirectory=${reports}/cover`);
  add(...changed.map((file) => `--coverage.include=${file}`));
  add(...["lines", "functions", "branches", "statements"].map((what) => `--coverage.thresholds.${what}=0`));
}

function jestCoverage() {
  if (!changed.length || has("--coverage", "--collectCoverage", "--collectCoverageFrom", "--collect-coverage")) return;
  add("--coverage", "--coverageReporters=lcovonly", `--coverageDirectory=${reports}/cover`, "--coverageThreshold={}");
  add(...changed.map((file) => `--collectCoverageFrom=${file}`));
}

function nodeCoverage() {
  // one that measures itself has the counters for itself
  if (changed.length && !process.env.NODE_V8_COVERAGE) return require(path.join(__dirname, "node-coverage.cjs")).start(reports, changed.join("\n"));
}

function vitest() {
  if (["bench", "list", "init", "related", "typecheck"].includes(given[0]) || has("--outputFile", "--version", "--help", "-v", "-h")) return;
  if (has("--mergeReports")) return;
  add(...(has("--reporter") ? [] : ["--reporter=default"]), "--reporter=json", `--outputFile.json=${reports}/vitest-${process.pid}.json`);
  if (!has("--bail")) add("--bail=0");
  vitestCoverage();
}

function jest() {
  const others = ["--json", "--outputFile", "--listTests", "--showConfig", "--init", "--clearCache", "--version", "--help", "-v", "-h"];
  if (has(...others)) return;
  add("--json", `--outputFile=${reports}/jest-${process.pid}.json`);
  if (!has("--bail", "-b")) add("--bail=0");
  jestCoverage();
}

function mocha() {
  if (has("--version", "--help", "-V", "-h", "--dry-run") || process.env.MGX_MOCHA) return;
  process.env.MGX_MOCHA = "1";
  drop("--reporter", "-R");
  add("--reporter", path.join(__dirname, "mocha-reporter.cjs"));
  if (!has("--bail", "-b")) add("--no-bail");
}

if (reports && isMainThread) {
  if (name === "vitest") vitest();
  else if (name === "jest" || program.endsWith("/react-scripts/scripts/test.js")) jest();
  else if (name === "mocha" || name === "_mocha") {
    globalThis[Symbol.for("mgx.coverage")] = nodeCoverage();
    mocha();
  }
  else if (process.env.NODE_TEST_CONTEXT) nodeCoverage();
}

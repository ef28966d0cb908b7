"use strict";
// A reporter of mocha that prints what its `spec` prints and writes the results in the form of `jest --json`.
// https://mochajs.org/api/tutorial-custom-reporter.html
const { writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");

const find = [process.argv[1], `${process.cwd()}/package.json`];
let Spec;
for (const from of find) {
  try {
    Spec = createRequire(require("node:fs").realpathSync(from))("mocha").reporters.Spec;
    break;
  } catch {
    // installed elsewhere: the next place is asked
  }
}
Spec ??= require.main.require("./lib/mocha").reporters.Spec;

class Report extends Spec {
  constructor(runner, options) {
    super(runner, options);
    // tests that run in workers are not counted
    const counting = globalThis[Symbol.for("mgx.coverage")];
    if (counting && runner.isParallelMode?.()) counting.whole = false;
    const files = new Map();
    const add = (test, status, error) => {
      const file = test.file || test.parent?.file || "";
      const titles = [];
      for (let suite = test.parent; suite && !suite.root; suite = suite.parent) titles.unshift(suite.title);
      if (!files.has(file)) files.set(file, []);
      const messages = error ? [String(error.stack || error.message || error).slice(0, 2000)] : [];
      files.get(file).push({ ancestorTitles: titles, title: test.title, status, failureMessages: messages });
    };
    runner.on("pass", (test) => add(test, "passed"));
    runner.on("pending", (test) => add(test, "pending"));
    runner.on("fail", (test, error) => add(test, "failed", error));
    runner.once("end", () => {
      const results = [...files].map(([name, assertionResults]) => ({
        name,
        status: assertionResults.some((test) => test.status === "failed") ? "failed" : "passed",
        message: "",
        assertionResults,
      }));
      writeFileSync(`${process.env.MGX_REPORTS}/mocha-${process.pid}.json`, JSON.stringify({ testResults: results }));
    });
  }
}

module.exports = Report;

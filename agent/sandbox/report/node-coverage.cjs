"use strict";
// Counts which lines of the files named by MGX_COVERAGE a test process of Node.js runs, by V8's own counters, and writes them as
// LCOV records when it ends. A file whose running text is not the file's own (it was compiled) makes the report incomplete.
// https://chromedevtools.github.io/devtools-protocol/tot/Profiler/#method-takePreciseCoverage
const { readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const { fileURLToPath } = require("node:url");

function linesOf(text) {
  const lines = [];
  let at = 0;
  for (const line of text.split("\n")) {
    const start = at + line.length - line.trimStart().length;
    lines.push({ start, end: at + line.trimEnd().length, count: 1 });
    at += line.length + 1;
  }
  return lines;
}

function counted(text, functions) {
  const lines = linesOf(text);
  // outer ranges come before inner ones, and the innermost counts
  for (const { ranges } of functions)
    for (const { startOffset, endOffset, count } of ranges)
      for (const line of lines) if (startOffset <= line.start && line.end <= endOffset) line.count = count;
  return lines;
}

exports.start = (reports, named) => {
  const wanted = new Map(named.split("\n").map((name) => [path.resolve(name), name]));
  const { Session } = require("node:inspector");
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const state = { whole: true };
  process.once("exit", () => {
    const records = [];
    session.post("Profiler.takePreciseCoverage", (error, found) => {
      if (error) state.whole = false;
      for (const { url, functions } of found?.result ?? []) {
        const bare = url.split("?")[0];
        const place = bare.startsWith("file://") ? fileURLToPath(bare) : bare;
        const name = wanted.get(place);
        if (name === undefined) continue;
        const text = readFileSync(place, "utf8");
        const whole = functions.some(({ ranges }) => ranges[0].startOffset === 0 && ranges[0].endOffset === text.length);
        if (!whole) {
          state.whole = false;
          continue;
        }
        records.push(`SF:${name}`, ...counted(text, functions).map(({ count }, at) => `DA:${at + 1},${count}`));
      }
    });
    session.disconnect();
    records.push(state.whole ? "TN:complete" : "TN:incomplete", "");
    writeFileSync(`${reports}/coverage-${process.pid}.lcov`, records.join("\n"));
  });
  return state;
};

// A reporter of `node --test` that adds a line of JSON per event to a file: several runs of one script share it.
// https://nodejs.org/api/test.html#custom-reporters
import { appendFileSync } from "node:fs";

const file = `${process.env.MGX_REPORTS}/node.ndjson`;

function write(line) {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

export default async function* report(source) {
  write({ event: "start", cwd: process.cwd() });
  const above = [];
  const printed = new Map(); // what a file that can't be loaded says of it
  for await (const { type, data } of source) {
    if (type === "test:start") {
      above.length = data.nesting;
      above[data.nesting] = data.name;
    } else if (type === "test:pass" || type === "test:fail") {
      const error = data.details?.error;
      const cause = error?.cause;
      write({
        event: type === "test:pass" ? "pass" : "fail",
        names: [...above.slice(0, data.nesting), data.name],
        file: data.file,
        suite: data.details?.type === "suite",
        skip: data.skip,
        todo: data.todo,
        failure: error?.failureType,
        error: (printed.get(data.file) ?? String(cause?.stack ?? cause?.message ?? cause ?? error?.message ?? "")).slice(0, 2000),
      });
    } else if (type === "test:diagnostic" && data.nesting === 0) {
      const count = /^(tests|suites|pass|fail|cancelled|skipped|todo) (\d+)$/.exec(data.message);
      if (count) write({ event: "count", name: count[1], number: Number(count[2]) });
    } else if (type === "test:stderr" && !printed.has(data.file)) {
      const thrown = /^\w*Error\b.*$/m.exec(data.message);
      if (thrown) printed.set(data.file, thrown[0]);
    }
  }
  write({ event: "end" });
  yield "";
}

// Hunks as tables with line numbers, and a stored unified diff as files and hunks.
import { make } from "../../web/dom.js";

const MOST = 5000; // lines of one hunk that are drawn

/** `hunk` is {header, lines}, each line with its sign, as the API has it. */
export function hunkTable(hunk) {
  const start = /^@@ -(\d+)(?:,\d+)? \+(\d+)/.exec(hunk.header) || [0, 1, 1];
  let old = Number(start[1]),
    fresh = Number(start[2]);
  const rows = hunk.lines.slice(0, MOST).map((line) => {
    const sign = line[0],
      added = sign === "+",
      removed = sign === "-",
      note = sign === "\\";
    const numbers = note ? ["", ""] : [added ? "" : old, removed ? "" : fresh];
    if (!added && !note) old += 1;
    if (!removed && !note) fresh += 1;
    return make(
      "tr",
      { class: added ? "added" : removed ? "removed" : "" },
      make("td", { class: "line" }, String(numbers[0])),
      make("td", { class: "line" }, String(numbers[1])),
      make("td", { class: "sign" }, note ? "" : sign),
      make("td", { class: "code" }, note ? line : line.slice(1)),
    );
  });
  const rest = hunk.lines.length - rows.length;
  return make(
    "div",
    { class: "lines", tabindex: "0" },
    make("table", {}, make("tbody", {}, ...rows)),
    rest > 0 ? make("p", { class: "muted" }, `${rest} more lines: download the diff.`) : null,
  );
}

/** The files of a unified diff as git writes it. What is not understood is left out, never guessed. */
export function fileOfDiff(text) {
  const files = [];
  let file = null,
    hunk = null;
  for (const line of text.split("\n")) {
    if (line.startsWith("diff --git ")) {
      const cut = line.lastIndexOf(" b/");
      file = {
        path: cut > 0 ? line.slice(cut + 3) : line.slice(11),
        action: "modified",
        added: 0,
        removed: 0,
        hunks: [],
      };
      hunk = null;
      files.push(file);
    } else if (file === null) continue;
    else if (line.startsWith("@@ ")) {
      hunk = { header: line, lines: [] };
      file.hunks.push(hunk);
    } else if (hunk === null) {
      if (line.startsWith("new file")) file.action = "created";
      if (line.startsWith("deleted file")) file.action = "deleted";
    } else if (line !== "") {
      if (line[0] === "+") file.added += 1;
      if (line[0] === "-") file.removed += 1;
      hunk.lines.push(line);
    }
  }
  return files;
}

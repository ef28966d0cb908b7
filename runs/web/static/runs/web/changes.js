// The change, as files and hunks. Every hunk is undecided until somebody decides on it; each decision is stored at once.
import { make, tell } from "../../web/dom.js";
import { fileOfDiff, hunkTable } from "./diff.js";

export class ChangesPart {
  constructor(place, page) {
    this.place = place;
    this.page = page;
    this.drawn = "";
    this.found = null;
    this.busy = false;
  }

  get visible() {
    return !this.place.hidden;
  }

  /** Called for each state: reads the change again if the state is another one than it was read for. */
  draw() {
    if (this.visible) this.open();
  }

  async open() {
    const { run } = this.page.state,
      act = this.page.act("changes");
    const wanted = JSON.stringify([run.status, run.last_seq, act]);
    if (wanted === this.drawn || this.busy) return;
    this.drawn = wanted;
    try {
      await this.load(run);
    } catch (error) {
      this.drawn = "";
      this.place.replaceChildren(make("p", { class: "note bad", role: "alert" }, error.message));
    }
  }

  async load(run) {
    try {
      this.show(await this.page.call("GET", "/changes"));
      return;
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    try {
      this.showDiff(await this.page.call("GET", "/diff"));
    } catch (error) {
      if (error.status !== 404) throw error;
      this.place.replaceChildren(
        make(
          "p",
          { class: "empty" },
          run.state.final
            ? "The run left no change."
            : "There is no change yet. It is shown here when it is ready for review, or delivered.",
        ),
      );
    }
  }

  /** Draws the API's answer, and nothing else: what is accepted here is accepted there. */
  show(found) {
    this.found = found;
    const act = this.page.act("changes");
    const files = found.files.map((file) => this.file(file, act));
    const top = this.place.scrollTop;
    this.place.replaceChildren(
      make(
        "div",
        { class: "stack" },
        act.possible ? this.closing(found) : this.verdict(found, act),
        make("div", { class: "diffs" }, tree(found.files), make("div", { class: "stack" }, ...files)),
      ),
    );
    this.place.scrollTop = top;
  }

  showDiff(text) {
    const files = fileOfDiff(text);
    this.place.replaceChildren(
      make(
        "div",
        { class: "diffs" },
        tree(files),
        make(
          "div",
          { class: "stack" },
          ...files.map((file) =>
            make(
              "article",
              { class: "card file", id: anchor(file.path) },
              fileHead(file),
              ...file.hunks.map((hunk) => hunkTable(hunk)),
            ),
          ),
        ),
      ),
    );
  }

  verdict(found, act) {
    const waits = found.state.next_actions.includes("changes");
    return make(
      "p",
      { class: "note" },
      waits
        ? act.reason
        : found.undecided
          ? `Round ${found.round}: ${found.undecided} parts were not decided.`
          : `Round ${found.round} is decided.`,
    );
  }

  closing(found) {
    const words = make("textarea", {
      id: "changes-words",
      rows: 2,
      maxlength: 10000,
      placeholder: "Message to the team about the whole change (optional)",
      "aria-label": "Message to the team",
    });
    const finish = make(
      "button",
      {
        class: "strong",
        type: "button",
        disabled: found.undecided > 0,
        onclick: () => this.send({ done: true, comment: words.value.trim() }, finish),
      },
      "Finish the review",
    );
    const rest =
      found.undecided > 0
        ? make(
            "button",
            { type: "button", onclick: () => this.acceptRest(found) },
            `Accept all ${found.undecided} undecided`,
          )
        : null;
    const open = found.undecided ? `${found.undecided} undecided. Decide on all to finish.` : "All is decided.";
    return make(
      "div",
      { class: "card stack closing" },
      make(
        "div",
        { class: "row" },
        make("h2", { class: "grow" }, "Changes ", make("span", { class: "muted small" }, `round ${found.round}`)),
        make("span", { class: "chip", "data-tone": found.undecided ? "warn" : "good", role: "status" }, open),
      ),
      words,
      make("div", { class: "row" }, rest, finish),
    );
  }

  file(file, act) {
    const decide = (body) => this.send({ decisions: [{ path: file.path, ...body }] });
    const pair = (state, body, name, of = false) =>
      act.possible
        ? make(
            "fieldset",
            { class: "pair" },
            make("legend", { class: "hidden" }, name),
            choice(of ? "Accept file" : "Accept", state === "accepted", () => decide({ ...body, accepted: true })),
            choice(of ? "Reject file" : "Reject", state === "rejected", () => decide({ ...body, accepted: false })),
          )
        : make("span", { class: "chip", "data-tone": tone(state) }, state === "pending" ? "undecided" : state);
    const hunks = file.hunks.map((hunk) => {
      const said =
        act.possible && hunk.state === "rejected"
          ? this.comment(hunk.comment, (comment) => decide({ hunk: hunk.hunk, accepted: false, comment }))
          : hunk.comment
            ? make("p", { class: "note" }, hunk.comment)
            : null;
      const body = hunk.truncated
        ? make(
            "button",
            {
              class: "quiet",
              type: "button",
              onclick: (event) => this.whole(file, event.target.closest("article"), act),
            },
            "Show the lines of this file",
          )
        : hunkTable(hunk);
      return make(
        "div",
        { class: "hunk", "data-state": hunk.state },
        make(
          "div",
          { class: "hunk-head" },
          make("code", { class: "muted grow" }, hunk.header),
          pair(hunk.state, { hunk: hunk.hunk }, `Hunk ${hunk.hunk + 1} of ${file.path}`),
        ),
        body,
        said,
      );
    });
    const whole =
      file.hunks.length === 0
        ? make(
            "p",
            { class: "muted" },
            file.binary ? "A binary file: it is decided on as a whole." : "It is decided on as a whole.",
          )
        : null;
    return make(
      "article",
      { class: "card file", id: anchor(file.path), "data-path": file.path },
      fileHead(file, file.hunks.length === 1 ? null : pair(file.state, {}, file.path, file.hunks.length > 0)),
      whole,
      ...hunks,
    );
  }

  comment(text, save) {
    const box = make("input", {
      value: text,
      maxlength: 4000,
      placeholder: "What to do instead (optional)",
      "aria-label": "What to do instead",
    });
    box.addEventListener("change", () => save(box.value.trim()));
    return box;
  }

  async whole(file, article, act) {
    try {
      const path = file.path.split("/").map(encodeURIComponent).join("/");
      article.replaceWith(this.file(await this.page.call("GET", `/changes/${path}`), act));
    } catch (error) {
      tell(error.message);
    }
  }

  acceptRest(found) {
    const decisions = [];
    for (const file of found.files) {
      const parts = file.hunks.length
        ? file.hunks.filter((hunk) => hunk.state === "pending").map((hunk) => ({ hunk: hunk.hunk }))
        : file.state === "pending"
          ? [{}]
          : [];
      decisions.push(...parts.map((part) => ({ path: file.path, ...part, accepted: true })));
    }
    this.send({ decisions });
  }

  async send(body, button = null) {
    if (button) button.disabled = true;
    const words = this.place.querySelector("#changes-words");
    this.busy = true;
    try {
      const found = await this.page.call("POST", "/changes", { round: this.found.round, ...body });
      if (body.done) {
        tell("Sent. The run goes on.");
        this.drawn = "";
      } else {
        const kept = words ? words.value : "",
          focusAgain = keepFocus(this.place);
        this.show(found);
        const fresh = this.place.querySelector("#changes-words");
        if (fresh) fresh.value = kept;
        focusAgain();
      }
    } catch (error) {
      tell(error.message);
      this.drawn = "";
    }
    this.busy = false;
    if (body.done || this.drawn === "") await this.page.refresh();
    if (this.drawn === "") await this.open();
  }
}

/** Gives the focus back to the button that had it, in the same file, once that is drawn again. */
function keepFocus(within) {
  const article = document.activeElement.closest("article[data-path]");
  if (!article) return () => {};
  const at = Array.from(article.querySelectorAll("button")).indexOf(document.activeElement);
  return () => {
    const next = within.querySelector(`#${article.id}`);
    if (next && at >= 0) Array.from(next.querySelectorAll("button"))[at]?.focus();
  };
}

function choice(label, chosen, choose) {
  return make(
    "button",
    {
      type: "button",
      class: `choice ${label.toLowerCase().split(" ")[0]}`,
      "aria-pressed": String(chosen),
      onclick: choose,
    },
    label,
  );
}

const tone = (state) => ({ accepted: "good", rejected: "bad", mixed: "warn", pending: "" })[state] ?? "";
const anchor = (path) => `file-${Array.from(new TextEncoder().encode(path), (byte) => byte.toString(16)).join("")}`;

function fileHead(file, decision = null) {
  return make(
    "div",
    { class: "file-head" },
    make("h3", { class: "grow mono" }, file.path),
    file.test_configuration ? make("span", { class: "chip", "data-tone": "warn" }, "decides how tests run") : null,
    make("span", { class: "chip" }, file.action),
    make(
      "span",
      { class: "number small" },
      make("span", { class: "plus" }, `+${file.added}`),
      " ",
      make("span", { class: "minus" }, `−${file.removed}`),
    ),
    decision,
  );
}

function tree(files) {
  const jump = (path) => (event) => {
    event.preventDefault();
    document.getElementById(anchor(path)).scrollIntoView({ block: "start" });
  };
  return make(
    "nav",
    { class: "tree", "aria-label": "Files" },
    make(
      "ul",
      {},
      ...files.map((file) => {
        const cut = file.path.lastIndexOf("/") + 1;
        return make(
          "li",
          {},
          make(
            "a",
            { href: `#changes`, onclick: jump(file.path) },
            make("span", { class: "muted" }, file.path.slice(0, cut)),
            file.path.slice(cut),
          ),
          make(
            "span",
            { class: "mark", "data-tone": tone(file.state), title: file.state || "" },
            { accepted: "✓", rejected: "✗", mixed: "◐", pending: "○" }[file.state] || "",
          ),
        );
      }),
    ),
  );
}

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
    this.turn = 0; // of what was asked last: an older answer comes too late
    this.line = Promise.resolve();
  }

  get words() {
    return this.place.querySelector("#changes-words");
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
    this.turn += 1;
    const turn = this.turn;
    try {
      await this.load(run, () => turn === this.turn);
    } catch (error) {
      if (turn !== this.turn) return;
      this.drawn = "";
      if (this.found)
        tell(error.message); // what is shown, and typed, stays
      else this.place.replaceChildren(make("p", { class: "note bad", role: "alert" }, error.message));
    }
  }

  async load(run, current) {
    try {
      const found = await this.page.call("GET", "/changes");
      if (current()) this.redraw(found);
      return;
    } catch (error) {
      if (error.status !== 404) throw error;
    }
    try {
      const text = await this.page.call("GET", "/diff");
      if (current()) this.showDiff(text);
    } catch (error) {
      if (error.status !== 404) throw error;
      if (!current()) return;
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
    const top = this.place.scrollTop,
      typed = this.words ? this.words.value : "";
    this.place.replaceChildren(
      make(
        "div",
        { class: "stack" },
        act.possible ? this.closing(found) : this.verdict(found, act),
        make("div", { class: "diffs" }, tree(found.files), make("div", { class: "stack" }, ...files)),
      ),
    );
    if (this.words) this.words.value = typed;
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

  /** One after another, in the order of the acts: a comment is stored before the review that it is part of is finished. */
  send(body, button = null) {
    if (button) button.disabled = true;
    const { round } = this.found,
      post = () => this.post({ round, ...body }, button);
    this.line = this.line.then(post, post);
  }

  async post(body, button) {
    this.busy = true;
    this.turn += 1;
    try {
      if (body.done && !(await this.isShown())) tell("Somebody else has decided on a part meanwhile: look, then finish.");
      else {
        const found = await this.page.call("POST", "/changes", body);
        if (body.done) {
          tell("Sent. The run goes on.");
          this.words.value = "";
          this.drawn = "";
        } else this.redraw(found);
      }
    } catch (error) {
      tell(error.message);
      if (button) button.disabled = false;
      this.drawn = "";
    }
    this.busy = false;
    if (this.drawn === "") await this.page.refresh();
    await this.open(); // what happened meanwhile was left for now
  }

  /** Whether the server has the decisions that are shown, and draws its own if not: no event tells of those of others. */
  async isShown() {
    const found = await this.page.call("GET", "/changes");
    if (decisions(found) === decisions(this.found)) return true;
    this.redraw(found);
    return false;
  }

  redraw(found) {
    const focusAgain = keepFocus(this.place);
    this.show(found);
    focusAgain();
  }
}

const decisions = (found) =>
  JSON.stringify([
    found.round,
    found.files.map((file) => [file.path, file.state, file.hunks.map((hunk) => [hunk.state, hunk.comment])]),
  ]);

/** Gives the focus back to the message, or to the button that had it in the same file, once that is drawn again. */
function keepFocus(within) {
  if (document.activeElement.id === "changes-words") return () => within.querySelector("#changes-words")?.focus();
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

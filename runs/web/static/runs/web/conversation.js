// The run as a conversation, from its events: messages, folded tool calls, commands with their output, and what people said.
import { make } from "../../web/dom.js";
import { clock, count, duration, usd } from "../../web/numbers.js";
import { VirtualList } from "./virtual.js";

const MAX_TEXT = 60000;
const LEFT_OUT = new Set(["progress", "approval_required"]);
const PEOPLE = new Set(["steered", "approved", "rejected", "plan_edited", "changes_decided", "resumed", "cancelled"]);
const TONES = {
  failure: "bad",
  push_failed: "bad",
  git_operation_failed: "bad",
  patch_refused: "warn",
  validation_failed: "warn",
  paused: "warn",
  budget_warning: "warn",
  model_warning: "warn",
  completion: "good",
  pr_opened: "good",
  pr_updated: "good",
  plan_ready: "busy",
  changes_ready: "busy",
};

export class Conversation {
  constructor(scroller) {
    this.list = new VirtualList(scroller, render);
    this.fresh = [];
    this.changed = new Set();
    this.after = 0;
    this.commands = new Map();
    setInterval(() => {
      for (const element of scroller.querySelectorAll("[data-since]"))
        element.textContent = since(element.dataset.since);
    }, 1000);
  }

  shown() {
    if (this.list.stuck) this.list.toEnd();
  }

  /** Adds events, which come in order; one that was added before is left out. */
  add(events) {
    for (const event of events) {
      if (event.seq <= this.after) continue;
      this.after = event.seq;
      if (!LEFT_OUT.has(event.type)) this.take(event);
    }
    this.list.extend(this.fresh, this.changed);
    this.fresh = [];
    this.changed = new Set();
  }

  push(item) {
    item.place = this.list.items.length + this.fresh.length;
    item.version = 1;
    this.fresh.push(item);
    return item;
  }

  touch(item) {
    item.version += 1;
    if (item.place < this.list.items.length) this.changed.add(item.place);
  }

  last() {
    return this.fresh[this.fresh.length - 1] || this.list.items[this.list.items.length - 1];
  }

  take(event) {
    const data = event.data || {},
      last = this.last();
    if (event.type === "model_output") {
      if (last && last.kind === "said" && last.role === data.role) {
        last.text = (last.text + String(data.text || "")).slice(-MAX_TEXT);
        this.touch(last);
      } else
        this.push({ kind: "said", role: String(data.role || ""), text: String(data.text || ""), at: event.timestamp });
    } else if (event.type === "tool_called" || event.type === "model_call") {
      if (last && last.kind === "calls") {
        last.events.push(event);
        this.touch(last);
      } else this.push({ kind: "calls", events: [event], at: event.timestamp });
    } else if (event.type === "command_started") {
      const argv = (data.argv || []).join(" ");
      this.commands.set(
        argv,
        this.push({ kind: "command", argv, began: event.timestamp, at: event.timestamp, done: null }),
      );
    } else if (event.type === "command_finished") {
      const argv = (data.argv || []).join(" ");
      const item = this.commands.get(argv);
      this.commands.delete(argv);
      if (item) {
        item.done = data;
        this.touch(item);
      } else this.push({ kind: "command", argv, began: event.timestamp, at: event.timestamp, done: data });
    } else {
      if (last && last.kind === "event" && last.event.message === event.message && last.event.type === "plan_ready")
        return;
      this.push({ kind: "event", event, at: event.timestamp });
    }
  }
}

const since = (moment) => duration((Date.now() - Date.parse(moment)) / 1000);

function render(item) {
  const time = make("time", { class: "muted small number", datetime: item.at }, clock(item.at));
  return make("div", { class: `entry ${item.kind}` }, time, make("div", { class: "grow" }, ...DRAW[item.kind](item)));
}

/** A part that opens; whether it is open is kept with the item while it scrolls out of view and back. */
function folded(item, summary, ...content) {
  const box = make("details", { open: item.open === true }, make("summary", {}, ...summary), ...content);
  box.addEventListener("toggle", () => {
    item.open = box.open;
  });
  return box;
}

const DRAW = {
  said: (item) => {
    const words = item.text.trim();
    const head = make("b", {}, item.role);
    if (words.length <= 400 && words.split("\n").length <= 6) return [head, make("p", { class: "words" }, words)];
    return [
      head,
      folded(
        item,
        [`${words.slice(0, 160).split("\n")[0]} … (${count(words.length)} characters)`],
        make("pre", {}, words),
      ),
    ];
  },
  calls: (item) => {
    const tools = item.events.filter((event) => event.type === "tool_called");
    const calls = item.events.filter((event) => event.type === "model_call");
    const parts = [];
    if (calls.length) {
      const cost = calls.every((event) => event.data.cost_usd !== null)
        ? usd(calls.reduce((sum, event) => sum + Number(event.data.cost_usd), 0))
        : "cost unknown";
      const tokens = calls.reduce((sum, event) => sum + event.data.tokens_in + event.data.tokens_out, 0);
      parts.push(`${calls.length} model call${calls.length === 1 ? "" : "s"}, ${count(tokens)} tokens, ${cost}`);
    }
    if (tools.length)
      parts.push(
        `${tools.length} tool call${tools.length === 1 ? "" : "s"}: ` +
          Array.from(new Set(tools.map((event) => event.data.tool))).join(", "),
      );
    return [
      folded(
        item,
        [make("span", { class: "muted" }, parts.join(" · "))],
        make("ul", { class: "calls-list" }, ...item.events.map(one)),
      ),
    ];
  },
  command: (item) => {
    const { done } = item;
    const failed = done && done.exit_code !== 0;
    const state =
      done === null
        ? make(
            "span",
            { class: "chip", "data-tone": "busy" },
            "running ",
            make("span", { "data-since": item.began, class: "number" }, since(item.began)),
          )
        : make(
            "span",
            { class: "chip", "data-tone": failed ? "bad" : "good" },
            done.available === false ? "not installed" : done.timed_out ? "timed out" : `exit ${done.exit_code}`,
            ` · ${duration(done.duration_ms / 1000)}`,
          );
    const line = [make("code", {}, `$ ${item.argv}`), " ", state];
    if (item.open === undefined && failed) item.open = true;
    return done && done.output_tail
      ? [folded(item, line, make("pre", { tabindex: "0" }, String(done.output_tail)))]
      : [make("p", {}, ...line)];
  },
  event: (item) => {
    const { type, message, data } = item.event;
    const words = make("p", { class: "words" }, message || type);
    if (PEOPLE.has(type)) words.classList.add("person");
    const tone = TONES[type];
    const hint =
      type === "failure" && data.error && data.error.hint ? make("p", { class: "muted" }, data.error.hint) : null;
    const files =
      type === "patch_applied"
        ? make(
            "ul",
            { class: "calls-list" },
            ...(data.files || [])
              .slice(0, 50)
              .map((file) =>
                make(
                  "li",
                  {},
                  make("code", {}, file.path),
                  ` ${file.action} `,
                  make("span", { class: "plus" }, `+${file.added}`),
                  " ",
                  make("span", { class: "minus" }, `−${file.removed}`),
                ),
              ),
          )
        : null;
    return [
      tone ? make("span", { class: "chip", "data-tone": tone }, type.replaceAll("_", " ")) : null,
      words,
      hint,
      files,
    ];
  },
};

function one(event) {
  const { data } = event;
  if (event.type === "tool_called") {
    return make(
      "li",
      {},
      data.ok ? "" : "✗ ",
      make("code", {}, `${data.tool} ${data.arguments}`),
      make("span", { class: "muted" }, ` ${data.duration_ms} ms`),
    );
  }
  return make(
    "li",
    {},
    `${data.role}: ${data.action} `,
    make(
      "span",
      { class: "muted" },
      `${data.model}, ${count(data.tokens_in)} in, ${count(data.tokens_out)} out, ${usd(data.cost_usd)}, ` +
        `${(data.duration_ms / 1000).toFixed(1)} s${data.cached ? ", cached" : ""}`,
    ),
  );
}

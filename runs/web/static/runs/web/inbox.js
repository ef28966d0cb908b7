// The inbox: kept up to date by the sockets of all workspaces, and worked through by keys.
import { api, part, Refused } from "../../web/api.js";
import { byId, isTyping, make, tell } from "../../web/dom.js";
import { follow } from "../../web/socket.js";
import { showAges } from "../../web/shell.js";

const PAUSE = 500; // ms between two readings: a busy workspace has many events a second

const inbox = byId("inbox"),
  dialog = byId("decide");
const rows = () => Array.from(inbox.querySelectorAll("li[data-run]"));
let chosen = "",
  asking = false,
  again = false;

function choose(row) {
  for (const each of rows()) each.classList.toggle("chosen", each === row);
  chosen = row ? row.dataset.run : "";
  if (row) {
    row.querySelector("a").focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
}

const current = () => rows().find((row) => row.dataset.run === chosen);

function step(by) {
  const all = rows();
  if (all.length === 0) return;
  const at = all.indexOf(current());
  choose(all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))]);
}

/** Reads the list again; what the server sends is its own page, escaped there. */
async function refresh() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  do {
    if (again) await new Promise((go) => setTimeout(go, PAUSE));
    again = false;
    try {
      const page = new DOMParser().parseFromString(await part("/"), "text/html");
      const kept = current() && document.activeElement === current().querySelector("a");
      inbox.replaceChildren(...page.body.childNodes);
      showAges(inbox);
      const row = current();
      if (row) row.classList.add("chosen");
      if (row && kept) row.querySelector("a").focus({ preventScroll: true });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      tell(error.message);
    }
  } while (again);
  asking = false;
}

// decisions

function planOf(run) {
  const plan = run.plan || {};
  const steps = (plan.steps || []).map((each) =>
    make("li", {}, each.title, " ", make("code", { class: "muted" }, (each.files || []).join(", "))),
  );
  return make(
    "div",
    { class: "stack" },
    make("p", {}, plan.summary || "The plan has no summary."),
    make("ol", {}, ...steps),
    ...(plan.questions || []).map((text) => make("p", { class: "note warn" }, text)),
  );
}

async function decide(approved) {
  const row = current();
  if (!row) {
    tell("Choose an entry first: j and k move.");
    return;
  }
  if (row.dataset.approvable === undefined) {
    location.href = row.querySelector("a").href;
    return;
  }
  const { run: id, workspace } = row.dataset;
  let run;
  try {
    run = await api(workspace, "GET", `/runs/${id}`);
  } catch (error) {
    tell(error.message);
    return;
  }
  const words = make("textarea", { id: "words", maxlength: "10000", rows: "3" });
  const send = make(
    "button",
    { class: approved ? "strong" : "danger", type: "submit" },
    approved ? "Approve plan" : "Reject plan",
  );
  const refused = make("p", { class: "note bad", role: "alert", hidden: true });
  const form = make(
    "form",
    { class: "stack", method: "dialog" },
    make("h2", { id: "decide-title" }, run.task_name),
    planOf(run),
    make(
      "label",
      {},
      approved ? "Message to the team (optional)" : "What should be different (without it the run ends)",
      words,
    ),
    refused,
    make("div", { class: "row" }, send, make("button", { type: "button", onclick: () => dialog.close() }, "Not now")),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      await api(workspace, "POST", `/runs/${id}/approve`, {
        approved,
        feedback: words.value,
        plan_version: run.plan_version,
      });
      dialog.close();
      tell(approved ? "Approved. The team starts." : "Rejected.");
      await refresh();
    } catch (error) {
      refused.textContent = error.message;
      refused.hidden = false;
      send.disabled = false;
    }
  });
  dialog.replaceChildren(form);
  dialog.showModal();
  (approved ? send : words).focus();
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  a: () => decide(true),
  r: () => decide(false),
  "?": () => byId("keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  if (isTyping(event) || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
inbox.addEventListener("focusin", (event) => {
  const row = event.target.closest("li[data-run]");
  if (row && row.dataset.run !== chosen) choose(row);
});
byId("show-keys").addEventListener("click", () => byId("keys").showModal());

// what moves by itself

const states = new Map();

function said(path, state) {
  const before = states.get(path);
  states.set(path, state);
  const all = Array.from(states.values());
  byId("live").textContent = all.includes("ended")
    ? "Reload to sign in again"
    : all.includes("lost")
      ? "Connection lost; coming back"
      : "Live";
  if (before === "lost" && state === "live") refresh();
}

for (const { path, after } of JSON.parse(byId("sockets").textContent)) {
  follow({ path, after, cursor: (event) => event.id, onEvents: refresh, onState: (state) => said(path, state) });
}

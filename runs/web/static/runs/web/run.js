// A run's page. `state` is the run's row as the API has it; it is read again after each event that may have changed it, and
// everything that the page says about the state is drawn from the same answer.
import { api, ask, keyring, Refused } from "../../web/api.js";
import { byId, tell } from "../../web/dom.js";
import { follow } from "../../web/socket.js";
import { drawActs } from "./acts.js";
import { drawArtifacts } from "./artifacts.js";
import { ChangesPart } from "./changes.js";
import { Conversation } from "./conversation.js";
import { drawCost, drawFacts } from "./facts.js";
import { Phases } from "./phases.js";
import { PlanPart } from "./plan.js";

const PAGE = 1000;
const AGAIN = 3000; // ms after which events that could not be read are asked for again
const PAUSE = 200; // ms between two readings of the state while events come one after another
const QUIET = new Set([
  "model_output",
  "model_call",
  "tool_called",
  "role_message",
  "command_started",
  "command_finished",
  "progress",
]);
const PARTS = ["conversation", "plan", "changes", "artifacts"];

let state = JSON.parse(byId("state").textContent);
const id = state.run.id,
  workspace = state.run.workspace_id;
const call = (method, path, body, headers) => api(workspace, method, `/runs/${id}${path}`, body, headers);

const page = {
  call,
  get state() {
    return state;
  },
  act: (name) => state.acts.find((each) => each.name === name),
  refresh,
  open: (name) => {
    location.hash = name;
  },
  part: () => current(),
};
const conversation = new Conversation(byId("talk"));
const phases = new Phases(byId("phases"), page);
const plan = new PlanPart(byId("part-plan"), page);
const changes = new ChangesPart(byId("part-changes"), page);

// state

let asking = null,
  again = false;

function refresh() {
  if (asking) {
    again = true;
    return asking;
  }
  asking = (async () => {
    do {
      if (again) await new Promise((go) => setTimeout(go, PAUSE));
      again = false;
      try {
        show(await ask(`/runs/${id}/state`));
      } catch (error) {
        tell(error.message);
      }
    } while (again);
    asking = null;
  })();
  return asking;
}

function show(next) {
  const moved = next.run.status !== state.run.status;
  state = next;
  draw();
  if (moved && next.run.state.waits_for_person) openUsual();
}

function draw() {
  const { run } = state,
    why = run.error ? [run.error.detail, run.error.hint].filter(Boolean).join(" ") : "";
  byId("status").textContent = run.state.label;
  byId("status").dataset.tone = run.state.tone;
  const next =
    run.pause_reason === "question" ? `The team asks: ${why}` : [why, run.state.next].filter(Boolean).join(" ");
  if (byId("next").textContent !== next) byId("next").textContent = next;
  const steer = page.act("steer");
  byId("steer").querySelector("button").disabled = !steer.possible;
  byId("steer-text").disabled = !steer.possible;
  byId("steer-why").textContent = steer.reason;
  drawActs(byId("acts"), page);
  drawCost(byId("cost"), page);
  drawFacts(byId("facts"), page);
  plan.draw();
  changes.draw();
  if (current() === "artifacts") drawArtifacts(byId("part-artifacts"), page);
  phases.draw();
}

// parts

const usual = () => {
  const actions = state.run.state.next_actions;
  return actions.includes("approve") ? "plan" : actions.includes("changes") ? "changes" : "conversation";
};
const current = () => (PARTS.includes(location.hash.slice(1)) ? location.hash.slice(1) : usual());

function openUsual() {
  if (current() !== usual()) location.hash = usual();
  else openPart();
}

function openPart() {
  const name = current();
  for (const part of PARTS) byId(`part-${part}`).hidden = part !== name;
  for (const tab of document.querySelectorAll(".tabs a")) {
    if (tab.hash === `#${name}`) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  if (name === "changes") changes.open();
  if (name === "artifacts") drawArtifacts(byId("part-artifacts"), page);
  if (name === "conversation") conversation.shown();
  drawActs(byId("acts"), page);
}
window.addEventListener("hashchange", openPart);

let keys = keyring(); // of the message that is typed: another one with the same words is sent as well

byId("steer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const box = byId("steer-text"),
    button = event.target.querySelector("button");
  if (!box.value.trim()) {
    box.focus();
    return;
  }
  button.disabled = true;
  try {
    const typed = box.value,
      body = { message: typed.trim() };
    await call("POST", "/steer", body, keys("/steer", body));
    keys = keyring();
    if (box.value === typed) box.value = "";
  } catch (error) {
    tell(error.message);
  }
  await refresh();
});
byId("steer-text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) byId("steer").requestSubmit();
});

// events: what is stored by pages, then what happens by the socket, after the last one that was shown

function note(events) {
  conversation.add(events);
  if (!phases.reviewed && events.some((event) => event.type === "changes_ready")) {
    phases.reviewed = true;
    phases.show();
  }
}

function take(events) {
  note(events);
  if (events.some((event) => !QUIET.has(event.type))) refresh();
}

async function replay() {
  let after = 0,
    items;
  do {
    items = await eventsAfter(after);
    if (items.length) {
      after = items[items.length - 1].seq;
      note(items);
    }
  } while (items.length === PAGE);
  return after;
}

/** Asks until the server answers: without these events the page would follow nothing, and stand still without a word. */
async function eventsAfter(after) {
  for (;;) {
    try {
      return (await call("GET", `/events?after=${after}&limit=${PAGE}`)).items;
    } catch (error) {
      const passes = error instanceof Refused && (error.status === 0 || error.status === 429 || error.status >= 500);
      if (!passes) throw error;
    }
    byId("live").textContent = SAID.lost;
    await new Promise((go) => setTimeout(go, AGAIN));
  }
}

const SAID = { live: "· live", lost: "· connection lost; coming back", ended: "· you are signed out: reload the page" };

draw();
openPart();
replay()
  .then((after) => {
    byId("talk").dataset.replayed = String(after);
    follow({
      path: `/ws/runs/${id}`,
      after,
      cursor: (event) => event.seq,
      onEvents: take,
      onState: (name) => {
        byId("live").textContent = SAID[name];
        if (name === "live") refresh();
      },
    });
  })
  .catch((error) => tell(error.message));

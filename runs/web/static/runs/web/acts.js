// The acts on a run: the possible ones as buttons, the others with the reason why not.
import { keyring } from "../../web/api.js";
import { byId, make, tell } from "../../web/dom.js";

const SHOWN_ELSEWHERE = new Set(["steer"]);
const OPENS = { approve: "plan", reject: "plan", changes: "changes" }; // decided on where it is shown
const FORMS = {
  resume: {
    words: "Message to the team",
    button: "Resume",
    send: (post, text, extra) => post("/resume", { ...(text && { message: text }), ...extra }),
  },
  cancel: {
    question: "The run ends, and everything that it has started. What it has done so far is not delivered.",
    button: "Cancel the run",
    danger: true,
    send: (post) => post("/cancel", {}),
  },
  retry: {
    words: "What should be different (optional)",
    button: "Retry",
    send: (post, text) => post("/retry", text ? { message: text } : {}),
  },
  continue: {
    words: "What should change on the branch of this run",
    needed: true,
    button: "Continue",
    send: (post, text) => post("/continue", { message: text }),
  },
};

export function drawActs(place, page) {
  const { acts, run } = page.state;
  const offered = acts.filter((act) => !SHOWN_ELSEWHERE.has(act.name));
  const wanted = JSON.stringify([offered, run.pause_reason, page.part()]);
  if (place.dataset.drawn === wanted) return; // what has the focus keeps it
  place.dataset.drawn = wanted;
  const usual = run.state.next_actions;
  const beside = (act) => act.name !== "reject" && OPENS[act.name] !== page.part();
  const possible = offered
    .filter((act) => act.possible && beside(act))
    .sort((one, other) => rank(usual, one) - rank(usual, other));
  const not = offered.filter((act) => !act.possible);
  const buttons = possible.map((act, number) =>
    make(
      "button",
      {
        type: "button",
        class: act.name === "cancel" ? "danger" : number === 0 && usual.includes(act.name) ? "strong" : "",
        onclick: () => begin(act, page),
      },
      act.name === "approve" ? "Read the plan" : act.label,
    ),
  );
  const others = make(
    "details",
    { class: "menu" },
    make("summary", {}, "Why not…"),
    make(
      "div",
      { class: "sheet reasons" },
      make(
        "dl",
        {},
        ...not.map((act) => make("div", {}, make("dt", {}, act.label), make("dd", { class: "muted" }, act.reason))),
      ),
    ),
  );
  place.replaceChildren(...buttons, not.length ? others : "");
}

const rank = (usual, act) =>
  usual.includes(act.name) ? usual.indexOf(act.name) : 10 + (act.name === "cancel" ? 1 : 0);

function begin(act, page) {
  if (OPENS[act.name]) {
    page.open(OPENS[act.name]);
    return;
  }
  const { run } = page.state,
    form = FORMS[act.name],
    asks = act.name === "resume" && run.pause_reason === "question";
  const box = form.words ? make("textarea", { rows: 4, maxlength: 4000, required: form.needed || asks }) : null;
  const caps =
    act.name === "resume" && run.pause_reason === "budget"
      ? ["max_tokens", "max_cost_usd", "max_calls"].map((name) =>
          make(
            "label",
            {},
            { max_tokens: "Tokens at most", max_cost_usd: "US dollars at most", max_calls: "Model calls at most" }[
              name
            ],
            make("input", {
              name,
              type: "number",
              min: 0,
              step: name === "max_cost_usd" ? "0.01" : "1",
              value: page.state.caps[name] || "",
            }),
          ),
        )
      : [];
  const again = act.name === "resume" && run.pause_reason === "version";
  const refused = make("p", { class: "note bad", role: "alert", hidden: true });
  const send = make("button", { class: form.danger ? "danger" : "strong", type: "submit" }, form.button);
  const dialog = byId("act"),
    keys = keyring(),
    post = (path, body) => page.call("POST", path, body, keys(path, body));
  const sheet = make(
    "form",
    { class: "stack", method: "dialog" },
    make("h2", { id: "act-title" }, act.label),
    asks ? make("p", { class: "note warn" }, run.error ? run.error.detail : "") : null,
    form.question ? make("p", {}, form.question) : null,
    box ? make("label", {}, asks ? "Your answer" : form.words, box) : null,
    ...caps,
    again ? make("p", { class: "note" }, "It plans again from what is done so far.") : null,
    refused,
    make("div", { class: "row" }, send, make("button", { type: "button", onclick: () => dialog.close() }, "Not now")),
  );
  sheet.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      const budget = changedCaps(caps, page.state.caps);
      const extra = { ...(Object.keys(budget).length && { budget }), ...(again && { plan_again: true }) };
      const answer = await form.send(post, box ? box.value.trim() : "", extra);
      dialog.close();
      if (answer.id !== run.id) {
        location.href = `/runs/${answer.id}`;
        return;
      }
      tell("Done.");
      await page.refresh();
    } catch (error) {
      refused.textContent = error.message;
      refused.hidden = false;
      send.disabled = false;
    }
  });
  dialog.replaceChildren(sheet);
  dialog.showModal();
}

function changedCaps(labels, before) {
  const found = {};
  for (const label of labels) {
    const field = label.querySelector("input");
    if (field.value && Number(field.value) !== Number(before[field.name]))
      found[field.name] = field.name === "max_cost_usd" ? field.value : Number(field.value);
  }
  return found;
}

// What the run costs, against its budget, and what came of it.
import { link, make } from "../../web/dom.js";
import { count, usd } from "../../web/numbers.js";

const CAPS = [
  ["max_cost_usd", "Cost", (usage) => usage.cost_usd, usd],
  ["max_tokens", "Tokens", (usage) => usage.tokens_in + usage.tokens_out, count],
  ["max_calls", "Model calls", (usage) => usage.calls, count],
];

export function drawCost(place, page) {
  const { run, caps } = page.state,
    { usage } = run;
  const bars = CAPS.map(([name, label, used, show]) => {
    const spent = used(usage),
      cap = caps[name];
    const line = make(
      "div",
      { class: "row" },
      make("span", { class: "grow" }, label),
      make("span", { class: "number" }, cap ? `${show(spent)} of ${show(cap)}` : show(spent)),
    );
    if (!cap || spent === null) return line;
    const share = Math.min(1, Number(spent) / Number(cap));
    return make(
      "div",
      {},
      line,
      make("meter", { min: 0, max: 1, high: 0.8, value: share, "aria-label": `${label} of the budget` }),
    );
  });
  const estimate = (run.plan && run.plan.estimate) || {};
  const told = [
    estimate.tokens && `${count(estimate.tokens)} tokens`,
    estimate.cost_usd && usd(estimate.cost_usd),
    estimate.seconds && `${estimate.seconds} s`,
  ].filter(Boolean);
  place.replaceChildren(
    make("h2", {}, "Cost"),
    ...bars,
    told.length
      ? make(
          "p",
          { class: "muted small" },
          `Estimate of the plan: ${told.join(", ")}${estimate.basis ? ` (${estimate.basis})` : ""}`,
        )
      : "",
  );
}

export function drawFacts(place, page) {
  const { run } = page.state,
    results = run.results || {},
    proof = results.proof || {};
  const facts = [
    ["Summary", run.message && run.message.summary],
    ["Pull request", run.pr_url && link(run.pr_url)],
    ["Branch", run.branch_name && make("code", {}, run.branch_name)],
    ["Commit", run.commit_sha && make("code", {}, run.commit_sha.slice(0, 12))],
    [
      "Proof",
      proof.status &&
        `${String(proof.status).replaceAll("_", " ")}${(proof.missing || []).length ? `: ${proof.missing.join("; ")}` : ""}`,
    ],
    ["Tests", tests(results.tests)],
    ["Review", results.review && results.review.verdict],
    ["Model", run.model],
    ["Stack", run.stack],
    ["Base", run.base_branch && make("code", {}, run.base_branch)],
    ["Began", run.started_at && new Date(run.started_at).toLocaleString()],
    ["Ended", run.completed_at && new Date(run.completed_at).toLocaleString()],
  ];
  const rows = facts
    .filter(([, value]) => value)
    .map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  place.replaceChildren(
    make("h2", {}, "Result"),
    rows.length ? make("dl", { class: "facts" }, ...rows) : make("p", { class: "muted" }, "Nothing yet."),
  );
}

function tests(found) {
  if (!found || !found.status) return "";
  return found.status === "unavailable"
    ? "not run"
    : `${found.status}: ${found.passed || 0} passed, ${found.failed || 0} failed`;
}

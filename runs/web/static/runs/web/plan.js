// The plan: to read, and while it awaits approval as a form to edit, approve or reject.
import { make, tell } from "../../web/dom.js";

const KINDS = ["change", "create", "modify", "delete", "test", "docs"];
const lines = (text) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);

export class PlanPart {
  constructor(place, page) {
    this.place = place;
    this.page = page;
    this.drawn = "";
    this.edited = null;
  }

  draw() {
    const { run } = this.page.state,
      approve = this.page.act("approve"),
      reject = this.page.act("reject");
    const wanted = JSON.stringify([run.plan_version, run.status, run.plan, approve, reject]);
    if (wanted === this.drawn) return;
    if (this.edited !== null && this.drawn) {
      if (approve.possible) {
        this.stale.hidden = false; // what is being typed is not taken away
        this.stale.textContent =
          `Somebody else has changed this plan meanwhile: it is version ${run.plan_version} now. ` +
          "Reload the page to see it.";
        return;
      }
      this.edited = null;
    }
    this.drawn = wanted;
    if (!run.plan || !run.plan.summary) {
      this.place.replaceChildren(
        make(
          "p",
          { class: "empty" },
          run.state.final ? "The run ended before it had a plan." : "The plan is being drafted.",
        ),
      );
      return;
    }
    this.place.replaceChildren(this.shown(run, approve, reject));
  }

  shown(run, approve, reject) {
    const { plan } = run;
    const head = make(
      "div",
      { class: "head" },
      make("h2", { class: "grow" }, "Plan ", make("span", { class: "muted small" }, `version ${run.plan_version}`)),
      approve.possible ? make("button", { type: "button", onclick: () => this.edit() }, "Edit") : null,
    );
    const steps = make(
      "ol",
      { class: "steps" },
      ...(plan.steps || []).map((step) =>
        make(
          "li",
          {},
          make("b", {}, step.title),
          " ",
          make("span", { class: "chip" }, step.kind || "change"),
          step.why ? make("p", { class: "muted" }, step.why) : null,
          (step.files || []).length
            ? make("p", {}, ...step.files.flatMap((file) => [make("code", {}, file), " "]))
            : null,
        ),
      ),
    );
    const project = plan.project || {};
    return make(
      "div",
      { class: "card stack" },
      head,
      make("p", { class: "words" }, plan.summary),
      steps,
      listed("Open questions: answer them with your decision", plan.questions, "note warn"),
      listed("Risks", plan.risks),
      plan.test_strategy
        ? make("div", {}, make("h3", {}, "Tests"), make("p", { class: "words" }, plan.test_strategy))
        : null,
      listed("The repository", project.facts),
      (project.commands || []).length
        ? make(
            "div",
            {},
            make("h3", {}, "Commands that prove the change"),
            make(
              "ul",
              {},
              ...project.commands.map((each) =>
                make(
                  "li",
                  {},
                  `${each.kind}: `,
                  make("code", {}, each.command),
                  each.directory ? make("span", { class: "muted" }, ` in ${each.directory}`) : null,
                ),
              ),
            ),
          )
        : null,
      this.decision(approve, reject),
    );
  }

  decision(approve, reject, plan = () => undefined) {
    const { run } = this.page.state,
      version = run.plan_version;
    if (!approve.possible && !reject.possible)
      return run.state.next_actions.includes("approve") ? make("p", { class: "note" }, approve.reason) : null;
    const words = make("textarea", {
      id: "plan-feedback",
      rows: 2,
      maxlength: 10000,
      placeholder: "Message to the team: an answer, or what should be different",
    });
    const refused = make("p", { class: "note bad", role: "alert", hidden: true });
    this.stale = make("p", { class: "note warn", role: "status", hidden: true });
    const buttons = [];
    const send = async (approved) => {
      const edited = plan();
      if (edited === null) return;
      for (const button of buttons) button.disabled = true;
      try {
        await this.page.call("POST", "/approve", {
          approved,
          feedback: words.value.trim(),
          plan_version: version,
          ...(edited && { plan: edited }),
        });
        this.edited = null;
        this.drawn = "";
        tell(
          approved
            ? "Approved. The team starts."
            : words.value.trim()
              ? "Rejected. The plan is drafted again."
              : "Rejected. The run has ended.",
        );
        await this.page.refresh();
      } catch (error) {
        refused.textContent = error.message;
        refused.hidden = false;
        for (const button of buttons) button.disabled = false;
        await this.page.refresh();
      }
    };
    buttons.push(
      make("button", { class: "strong", type: "button", onclick: () => send(true) }, "Approve plan"),
      make("button", { class: "danger", type: "button", onclick: () => send(false) }, "Reject plan"),
    );
    return make(
      "div",
      { class: "stack decision" },
      this.stale,
      make("label", { for: "plan-feedback" }, "Message (optional)"),
      words,
      make(
        "p",
        { class: "muted small" },
        "Rejected with a message, the plan is drafted again. Rejected without one, the run ends.",
      ),
      refused,
      make("div", { class: "row" }, ...buttons),
    );
  }

  // as a form

  edit() {
    const { run } = this.page.state;
    this.edited = structuredClone(run.plan);
    const steps = make("ol", { class: "steps" }, ...(this.edited.steps || []).map((step) => stepFields(step)));
    const summary = make("textarea", { rows: 3, required: true, value: this.edited.summary || "" });
    const tests = make("textarea", { rows: 2, value: this.edited.test_strategy || "" });
    const risks = make("textarea", { rows: 2, value: (this.edited.risks || []).join("\n") });
    const commands = ((this.edited.project || {}).commands || []).map((each) => ({
      each,
      field: make("input", { class: "mono", value: each.command }),
    }));
    const read = () => {
      const found = Array.from(steps.children, (item) => ({ ...item.step, ...item.read() }));
      if (!summary.value.trim() || !found.length || found.some((step) => !step.title)) {
        tell("A plan needs a summary, and each of its steps a title.");
        return null;
      }
      const project = this.edited.project && {
        project: {
          ...this.edited.project,
          commands: commands.map(({ each, field }) => ({ ...each, command: field.value.trim() })),
        },
      };
      return {
        ...this.edited,
        ...project,
        summary: summary.value.trim(),
        steps: found,
        test_strategy: tests.value.trim(),
        risks: lines(risks.value),
      };
    };
    const add = make(
      "button",
      {
        type: "button",
        onclick: () => {
          const item = stepFields({ title: "", files: [], kind: "change", why: "" });
          steps.append(item);
          item.querySelector("input").focus();
        },
      },
      "Add a step",
    );
    const stop = make(
      "button",
      {
        class: "quiet",
        type: "button",
        onclick: () => {
          this.edited = null;
          this.drawn = "";
          this.draw();
        },
      },
      "Discard edits",
    );
    this.place.replaceChildren(
      make(
        "div",
        { class: "card stack" },
        make("div", { class: "head" }, make("h2", { class: "grow" }, "Edit the plan"), stop),
        make("label", {}, "Summary", summary),
        steps,
        make("div", {}, add),
        make("label", {}, "Tests", tests),
        make("label", {}, "Risks, one a line", risks),
        commands.length
          ? make(
              "fieldset",
              { class: "stack" },
              make("h3", {}, "Commands that prove the change"),
              ...commands.map(({ each, field }) => make("label", {}, `${each.kind} ${each.directory}`, field)),
            )
          : null,
        this.decision(this.page.act("approve"), this.page.act("reject"), read),
      ),
    );
    summary.focus();
  }
}

function listed(title, texts, kind = "") {
  if (!texts || texts.length === 0) return null;
  return make(
    "div",
    { class: kind },
    make("h3", {}, title),
    make("ul", {}, ...texts.map((text) => make("li", {}, text))),
  );
}

function stepFields(step) {
  const title = make("input", { value: step.title, "aria-label": "Title of the step", required: true });
  const kind = make(
    "select",
    { "aria-label": "Kind of the step" },
    ...Array.from(new Set([step.kind || "change", ...KINDS])).map((name) => make("option", {}, name)),
  );
  const why = make("input", { value: step.why || "", "aria-label": "Why", placeholder: "Why" });
  const files = make("textarea", {
    class: "mono",
    rows: Math.max(1, (step.files || []).length),
    value: (step.files || []).join("\n"),
    "aria-label": "Files, one a line",
    placeholder: "Files, one a line",
  });
  const move = (by) => () => {
    const other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (other) {
      other[by < 0 ? "before" : "after"](item);
      title.focus();
    }
  };
  const item = make(
    "li",
    {},
    make(
      "div",
      { class: "step" },
      title,
      kind,
      make("button", { type: "button", "aria-label": "Earlier", onclick: move(-1) }, "↑"),
      make("button", { type: "button", "aria-label": "Later", onclick: move(1) }, "↓"),
      make(
        "button",
        { type: "button", class: "danger", "aria-label": "Remove the step", onclick: () => item.remove() },
        "✕",
      ),
      files,
      why,
    ),
  );
  item.step = step;
  item.read = () => ({ title: title.value.trim(), kind: kind.value, why: why.value.trim(), files: lines(files.value) });
  return item;
}

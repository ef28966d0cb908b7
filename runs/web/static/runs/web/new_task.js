// The form for a task: what is typed survives a reload, and what it creates is created once.
import { api, newKey } from "../../web/api.js";
import { byId } from "../../web/dom.js";

const form = byId("task");

function start(workspace) {
  const stored = `mgx.task.${workspace}`;
  const fields = Array.from(form.elements).filter((field) => field.name);
  let keys = null; // of the attempt that is under way: the same text again is the same task

  const place = () => form.elements.place.selectedOptions[0];
  const value = (field) =>
    field.type === "checkbox" ? field.checked : field === form.elements.place ? field.selectedIndex : field.value;

  function keep() {
    keys = null;
    try {
      localStorage.setItem(
        stored,
        JSON.stringify(Object.fromEntries(fields.map((field) => [field.name, value(field)]))),
      );
      byId("draft").textContent = "Draft kept in this browser";
    } catch (error) {
      byId("draft").textContent = "This browser keeps no drafts";
    }
  }

  function restore() {
    let draft;
    try {
      draft = JSON.parse(localStorage.getItem(stored) || "{}");
    } catch (error) {
      return;
    }
    for (const field of fields) {
      if (!(field.name in draft)) continue;
      if (field.type === "checkbox") field.checked = draft[field.name] === true;
      else if (field === form.elements.place) {
        if (field.options[draft[field.name]]) field.selectedIndex = draft[field.name];
      } else field.value = String(draft[field.name]);
    }
    for (const field of form.querySelectorAll("select")) if (field.selectedIndex < 0) field.selectedIndex = 0;
  }

  function offer() {
    const box = form.elements.auto_approve,
      may = place() && place().dataset.approves === "1";
    box.disabled = !may;
    if (!may) box.checked = false;
    byId("approve-why").textContent = may ? "" : "Your role in this project does not approve plans.";
  }

  async function create() {
    const {
      description,
      stack,
      constraints,
      model,
      max_tokens: tokens,
      max_cost_usd: cost,
      auto_approve: approve,
    } = form.elements;
    keys ??= [newKey(), newKey()];
    const repository = place().value;
    const task = await api(
      workspace,
      "POST",
      "/tasks",
      {
        description: description.value,
        project_id: place().dataset.project,
        stack: stack.value,
        source: "web",
        constraints: constraints.value
          .split("\n")
          .map((line) => line.trim())
          .filter(Boolean),
        output_mode: repository ? "patch_existing" : "generate_new",
        ...(repository && { repository_id: repository }),
      },
      { "Idempotency-Key": keys[0] },
    );
    const budget = {
      ...(tokens.value && { max_tokens: Number(tokens.value) }),
      ...(cost.value && { max_cost_usd: cost.value }),
    };
    return api(
      workspace,
      "POST",
      "/runs",
      {
        task_id: task.id,
        auto_approve: approve.checked,
        model: model.value,
        ...(Object.keys(budget).length && { budget }),
      },
      { "Idempotency-Key": keys[1] },
    );
  }

  form.addEventListener("input", () => {
    keep();
    offer();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    byId("refused").hidden = true;
    try {
      const run = await create();
      localStorage.removeItem(stored);
      location.href = `/runs/${run.id}`;
    } catch (error) {
      byId("refused").textContent = error.message;
      byId("refused").hidden = false;
      button.disabled = false;
    }
  });
  restore();
  offer();
}

if (form) start(form.dataset.workspace);

// The form for a task: what is typed survives a reload, and what it creates is created once.
import { api, keyring } from "../../web/api.js";
import { byId } from "../../web/dom.js";

const form = byId("task");

function start(workspace) {
  const stored = `mgx.task.${workspace}`;
  const fields = Array.from(form.elements).filter((field) => field.name);
  const keys = keyring();

  const named = (option) => `${option.dataset.project} ${option.value}`; // its number is another one once a repository is linked
  const place = () => form.elements.place.selectedOptions[0];
  const value = (field) =>
    field.type === "checkbox" ? field.checked : field === form.elements.place ? place() && named(place()) : field.value;

  function keep() {
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
        const same = Array.from(field.options).find((option) => named(option) === draft[field.name]);
        if (same) same.selected = true;
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
    const post = (path, body) => api(workspace, "POST", path, body, keys(path, body));
    const repository = place().value;
    const task = await post("/tasks", {
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
    });
    const budget = {
      ...(tokens.value && { max_tokens: Number(tokens.value) }),
      ...(cost.value && { max_cost_usd: cost.value }),
    };
    return post("/runs", {
      task_id: task.id,
      auto_approve: approve.checked,
      model: model.value,
      ...(Object.keys(budget).length && { budget }),
    });
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

import { mount } from "@vue/test-utils";
import { expect, it } from "vitest";

import App from "./App.vue";

type Mounted = ReturnType<typeof mount<typeof App>>;

async function addTask(app: Mounted, title: string) {
  await app.get("#title").setValue(title);
  await app.get("form").trigger("submit");
}

it("starts with nothing to do", () => {
  expect(mount(App).get("[role=status]").text()).toBe("Nothing to do.");
});

it("adds a task", async () => {
  const app = mount(App);

  await addTask(app, "Water the plants");

  expect(app.get("li").text()).toBe("Water the plants");
  expect(app.get("[role=status]").text()).toBe("1 to do");
});

it("ignores an empty title", async () => {
  const app = mount(App);

  await addTask(app, "   ");

  expect(app.findAll("li")).toHaveLength(0);
});

it("ticks a task off", async () => {
  const app = mount(App);
  await addTask(app, "Water the plants");

  await app.get("input[type=checkbox]").setValue(true);

  expect(app.get("[role=status]").text()).toBe("Nothing to do.");
});

import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";

import { App } from "./App";

async function addTask(title: string) {
  await userEvent.type(screen.getByLabelText("New task"), `${title}{Enter}`);
}

it("starts with nothing to do", () => {
  render(<App />);

  expect(screen.getByRole("status").textContent).toBe("Nothing to do.");
});

it("adds a task", async () => {
  render(<App />);

  await addTask("Water the plants");

  expect(screen.getByRole("checkbox", { name: "Water the plants" })).toBeDefined();
  expect(screen.getByRole("status").textContent).toBe("1 to do");
});

it("ignores an empty title", async () => {
  render(<App />);

  await addTask("   ");

  expect(screen.queryAllByRole("listitem")).toHaveLength(0);
});

it("ticks a task off", async () => {
  render(<App />);
  await addTask("Water the plants");

  await userEvent.click(screen.getByRole("checkbox", { name: "Water the plants" }));

  expect(screen.getByRole("status").textContent).toBe("Nothing to do.");
});

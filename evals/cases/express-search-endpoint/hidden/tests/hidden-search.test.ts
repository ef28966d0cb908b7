import request from "supertest";
import { expect, it } from "vitest";

import { createApp } from "../src/app.js";

const search = (query: Record<string, string | string[]>) => request(createApp()).get("/recipes/search").query(query);
const titles = (answer: { body: { recipes: { title: string }[] } }) => answer.body.recipes.map((recipe) => recipe.title);

it("puts hits in the title first", async () => {
  expect(titles(await search({ q: "basil" }))).toEqual(["Basil pesto", "Bruschetta", "Tomato soup"]);
  expect(titles(await search({ q: " ONION " }))).toEqual(["Onion tart", "Tomato soup"]);
});

it("keeps to the time", async () => {
  expect(titles(await search({ q: "basil", maxMinutes: "15" }))).toEqual(["Basil pesto", "Bruschetta"]);
  expect(titles(await search({ q: "basil", maxMinutes: "10" }))).toEqual(["Basil pesto"]);
});

it("finds nothing", async () => {
  const answer = await search({ q: "liver" });

  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({ recipes: [] });
});

it.each([
  ["q", {}],
  ["q", { q: "a" }],
  ["q", { q: "  a " }],
  ["q", { q: "x".repeat(51) }],
  ["q", { q: ["basil", "onion"] }],
  ["maxMinutes", { q: "basil", maxMinutes: "0" }],
  ["maxMinutes", { q: "basil", maxMinutes: "-5" }],
  ["maxMinutes", { q: "basil", maxMinutes: "1.5" }],
  ["maxMinutes", { q: "basil", maxMinutes: "soon" }],
  ["maxMinutes", { q: "basil", maxMinutes: "" }],
])("refuses a bad %s", async (name, query) => {
  const answer = await search(query as Record<string, string>);

  expect(answer.status).toBe(400);
  expect(answer.body.error).toContain(name);
});

it("takes a pattern for plain text", async () => {
  expect((await search({ q: ".*" })).body).toEqual({ recipes: [] });
});

it("leaves the other routes alone", async () => {
  expect((await request(createApp()).get("/recipes/2")).body.title).toBe("Basil pesto");
  expect((await request(createApp()).get("/recipes/99")).status).toBe(404);
});

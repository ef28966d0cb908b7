import request from "supertest";
import { expect, it } from "vitest";

import { createApp } from "../src/app.js";

it("lists all recipes", async () => {
  const answer = await request(createApp()).get("/recipes");

  expect(answer.body.recipes).toHaveLength(5);
});

it("knows when there is none", async () => {
  const answer = await request(createApp()).get("/recipes/99");

  expect(answer.status).toBe(404);
});

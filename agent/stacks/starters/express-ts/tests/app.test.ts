import request from "supertest";
import { describe, expect, it } from "vitest";

import { createApp } from "../src/app.js";

const app = createApp();

describe("the service", () => {
  it("says that it is up", async () => {
    const response = await request(app).get("/health");

    expect(response.status).toBe(200);
    expect(response.body).toEqual({ status: "ok" });
  });

  it("says where its health is", async () => {
    const response = await request(app).get("/");

    expect(response.body).toEqual({ name: "service", health: "/health" });
  });

  it("answers an unknown path with 404", async () => {
    const response = await request(app).get("/nowhere");

    expect(response.status).toBe(404);
    expect(response.body.error).toContain("/nowhere");
  });

  it("answers broken JSON with 400", async () => {
    const response = await request(app).post("/health").set("Content-Type", "application/json").send("{");

    expect(response.status).toBe(400);
  });
});

import request from "supertest";
import { expect, it } from "vitest";

import { createApp } from "../src/app.js";
import { BoxOffice } from "../src/box-office.js";
import { SlowStore } from "../src/store.js";

it("sells until there is nothing left", async () => {
  const app = createApp(new BoxOffice(new SlowStore({ hamlet: 3 })));
  const book = (seats: number) => request(app).post("/shows/hamlet/bookings").send({ name: "Ada", seats });

  expect((await book(2)).status).toBe(201);
  expect((await book(2)).status).toBe(409);
  expect((await book(1)).status).toBe(201);
});

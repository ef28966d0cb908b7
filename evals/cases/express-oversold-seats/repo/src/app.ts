import express, { type Express } from "express";

import { type BoxOffice, SoldOut } from "./box-office.js";

export function createApp(office: BoxOffice): Express {
  const app = express();
  app.use(express.json());
  app.post("/shows/:id/bookings", async (request, response) => {
    const { name, seats } = request.body as { name: string; seats: number };
    try {
      await office.book(request.params.id, name, seats);
    } catch (error) {
      if (error instanceof SoldOut) {
        response.status(409).json({ error: error.message });
        return;
      }
      throw error;
    }
    response.status(201).json({ name, seats });
  });
  return app;
}

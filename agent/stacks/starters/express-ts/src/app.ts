import express, { type Express } from "express";

import { handleError, notFound } from "./errors.js";
import { health } from "./routes/health.js";

export function createApp(): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(express.json({ limit: "100kb" }));

  app.get("/", (_request, response) => {
    response.json({ name: "service", health: "/health" });
  });
  app.use("/health", health);

  app.use(notFound);
  app.use(handleError);
  return app;
}

import express, { type Express } from "express";

import { handleError } from "./errors.js";
import { recipes } from "./routes.js";

export function createApp(): Express {
  const app = express();
  app.use("/recipes", recipes);
  app.use(handleError);
  return app;
}

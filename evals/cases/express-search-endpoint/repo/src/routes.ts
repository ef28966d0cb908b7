import { Router } from "express";

import { HttpError } from "./errors.js";
import { RECIPES } from "./recipes.js";

export const recipes = Router();

recipes.get("/", (_request, response) => {
  response.json({ recipes: RECIPES });
});

recipes.get("/:id", (request, response) => {
  const found = RECIPES.find((recipe) => String(recipe.id) === request.params.id);
  if (found === undefined) {
    throw new HttpError(404, "There is no such recipe.");
  }
  response.json(found);
});

import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";

import AboutPage from "@/app/about/page";
import { GET } from "@/app/api/health/route";
import HomePage from "@/app/page";

it("leads from the start to the page about the site", () => {
  render(<HomePage />);

  expect(screen.getByRole("link", { name: "About this site" }).getAttribute("href")).toBe("/about");
});

it("has a page about the site", () => {
  render(<AboutPage />);

  expect(screen.getByRole("heading").textContent).toBe("About");
});

it("says that it is up", async () => {
  const response = GET();

  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: "ok" });
});

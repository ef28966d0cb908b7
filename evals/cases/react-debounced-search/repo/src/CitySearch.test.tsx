import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";

import { CitySearch } from "./CitySearch";

it("shows what was found", async () => {
  render(<CitySearch search={async (text) => (text ? [`${text}lin`] : [])} />);

  await userEvent.type(screen.getByLabelText("City"), "Ber");

  expect((await screen.findByText("Berlin")).tagName).toBe("LI");
});

import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";

import { GreetingForm } from "@/components/GreetingForm";
import { greet } from "@/lib/greet";

it("greets who asks for it", async () => {
  render(<GreetingForm />);

  await userEvent.type(screen.getByLabelText("Your name"), "Ada{Enter}");

  expect(screen.getByRole("status").textContent).toBe("Hello, Ada!");
});

it("greets a stranger", () => {
  expect(greet("  ")).toBe("Hello, stranger!");
});

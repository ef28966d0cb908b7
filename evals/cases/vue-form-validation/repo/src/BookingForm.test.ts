import { mount } from "@vue/test-utils";
import { expect, it } from "vitest";

import BookingForm from "./BookingForm.vue";

it("emits a booking", async () => {
  const form = mount(BookingForm, { props: { today: "2026-05-01" } });

  await form.get("#name").setValue("Ada");
  await form.get("#date").setValue("2026-05-02");
  await form.get("form").trigger("submit");

  expect(form.emitted("book")).toEqual([[{ name: "Ada", guests: 2, date: "2026-05-02" }]]);
});

import { mount } from "@vue/test-utils";
import { expect, it } from "vitest";

import BookingForm from "./BookingForm.vue";

const TEXTS = { name: "Please give a name.", guests: "1 to 12 guests.", date: "Please choose today or later." };
type Field = keyof typeof TEXTS;

function open() {
  const form = mount(BookingForm, { props: { today: "2026-05-01" } });
  const fill = (field: Field, value: string) => form.get(`#${field}`).setValue(value);
  const submit = () => form.get("form").trigger("submit");
  const errors = () => form.findAll("[role=alert]").map((alert) => [alert.attributes("id"), alert.text()]);
  return { form, fill, submit, errors };
}

async function filled() {
  const opened = open();
  await opened.fill("name", " Ada ");
  await opened.fill("guests", "4");
  await opened.fill("date", "2026-05-01");
  return opened;
}

it("is quiet before the first attempt", async () => {
  const { fill, errors } = open();
  await fill("guests", "99");

  expect(errors()).toEqual([]);
});

it("says all that is wrong and emits nothing", async () => {
  const { form, fill, submit, errors } = open();
  await fill("guests", "0");
  await submit();

  expect(errors().toSorted()).toEqual([
    ["date-error", TEXTS.date],
    ["guests-error", TEXTS.guests],
    ["name-error", TEXTS.name],
  ]);
  expect(form.emitted("book")).toBeUndefined();
});

it("emits what is right, trimmed", async () => {
  const { form, submit, errors } = await filled();
  await submit();

  expect(form.emitted("book")).toEqual([[{ name: "Ada", guests: 4, date: "2026-05-01" }]]);
  expect(errors()).toEqual([]);
});

it.each([
  ["name", ""],
  ["name", "   "],
  ["guests", ""],
  ["guests", "0"],
  ["guests", "13"],
  ["guests", "2.5"],
  ["guests", "two"],
  ["guests", "-1"],
  ["date", ""],
  ["date", "2026-04-30"],
] as [Field, string][])("refuses %s %j", async (field, value) => {
  const { form, fill, submit, errors } = await filled();
  await fill(field, value);
  await submit();

  expect(errors()).toEqual([[`${field}-error`, TEXTS[field]]]);
  expect(form.emitted("book")).toBeUndefined();
  expect(form.get(`#${field}`).attributes("aria-invalid")).toBe("true");
  expect(form.get(`#${field}`).attributes("aria-describedby")).toBe(`${field}-error`);
});

it("lets an error go as soon as the value is right", async () => {
  const { form, fill, submit, errors } = await filled();
  await fill("guests", "13");
  await submit();
  await fill("guests", "12");

  expect(errors()).toEqual([]);
  expect(form.get("#guests").attributes("aria-invalid")).not.toBe("true");
  await submit();
  expect(form.emitted("book")).toHaveLength(1);
});

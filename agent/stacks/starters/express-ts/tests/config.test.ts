import { expect, it } from "vitest";

import { readConfig } from "../src/config.js";

it("has defaults", () => {
  expect(readConfig({})).toEqual({ host: "0.0.0.0", port: 3000 });
});

it("reads the environment", () => {
  expect(readConfig({ HOST: "127.0.0.1", PORT: "8080" })).toEqual({ host: "127.0.0.1", port: 8080 });
});

it.each(["http", "-1", "65536", "1.5"])("refuses the port %s", (port) => {
  expect(() => readConfig({ PORT: port })).toThrow("PORT");
});

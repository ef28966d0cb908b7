import { act, renderHook } from "@testing-library/react";
import { expect, it, vi } from "vitest";

import { useCities } from "./useCities";

interface Asked {
  text: string;
  signal: AbortSignal | undefined;
  answer: (cities: string[]) => Promise<void>;
  fail: () => Promise<void>;
}

function server() {
  const asked: Asked[] = [];
  const search = (text: string, signal?: AbortSignal) =>
    new Promise<string[]>((resolve, reject) => {
      asked.push({
        text,
        signal,
        answer: (cities) => act(async () => resolve(cities)),
        fail: () => act(async () => reject(new Error("down"))),
      });
    });
  return { asked, search };
}

function typed(first: string) {
  const { asked, search } = server();
  const hook = renderHook(({ text }) => useCities(text, search), { initialProps: { text: first } });
  return { asked, type: (text: string) => hook.rerender({ text }), now: () => hook.result.current, leave: hook.unmount };
}

it("shows the latest answer only", async () => {
  const { asked, type, now } = typed("b");
  type("ber");
  await asked[1]!.answer(["Berlin"]);
  await asked[0]!.answer(["Bonn", "Berlin"]);

  expect(now()).toEqual({ cities: ["Berlin"], loading: false, error: null });
});

it("goes on loading when an old answer arrives", async () => {
  const { asked, type, now } = typed("b");
  type("ber");
  await asked[0]!.answer(["Bonn"]);

  expect(now().loading).toBe(true);
  expect(now().cities).not.toContain("Bonn");
});

it("aborts what nobody waits for", async () => {
  const { asked, type, leave } = typed("b");
  type("ber");

  expect(asked[0]!.signal?.aborted).toBe(true);
  expect(asked[1]!.signal?.aborted).toBe(false);
  leave();
  expect(asked[1]!.signal?.aborted).toBe(true);
});

it("asks nothing for a blank text", async () => {
  const { asked, type, now } = typed("");
  type("   ");

  expect(asked).toHaveLength(0);
  expect(now()).toEqual({ cities: [], loading: false, error: null });
});

it("forgets cities when the text is cleared", async () => {
  const { asked, type, now } = typed("ber");
  await asked[0]!.answer(["Berlin"]);
  type("");

  expect(now()).toEqual({ cities: [], loading: false, error: null });
});

it("says that it failed, and recovers", async () => {
  const { asked, type, now } = typed("b");
  await asked[0]!.fail();
  expect(now()).toEqual({ cities: [], loading: false, error: "The cities could not be loaded." });

  type("be");
  expect(now().error).toBe(null);
  await asked[1]!.answer(["Bern"]);
  expect(now().cities).toEqual(["Bern"]);
});

it("does not show the failure of an old request", async () => {
  const { asked, type, now } = typed("b");
  type("be");
  await asked[1]!.answer(["Bern"]);
  await asked[0]!.fail();

  expect(now()).toEqual({ cities: ["Bern"], loading: false, error: null });
});

it("does nothing once it is gone", async () => {
  const complain = vi.spyOn(console, "error");
  const { asked, leave } = typed("b");
  leave();
  await asked[0]!.fail();

  expect(complain).not.toHaveBeenCalled();
});

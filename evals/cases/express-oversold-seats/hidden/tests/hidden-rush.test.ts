import { expect, it } from "vitest";

import { BoxOffice, SoldOut } from "../src/box-office.js";
import { SlowStore, type Store } from "../src/store.js";

it("never sells more than there is", async () => {
  const store = new SlowStore({ hamlet: 10 });
  const office = new BoxOffice(store);

  const ended = await Promise.allSettled(Array.from({ length: 30 }, (_, n) => office.book("hamlet", `guest ${n}`, 1)));

  expect(ended.filter((one) => one.status === "fulfilled")).toHaveLength(10);
  expect(ended.every((one) => one.status === "fulfilled" || one.reason instanceof SoldOut)).toBe(true);
  expect(store.bookings).toHaveLength(10);
  expect(await store.free("hamlet")).toBe(0);
});

it("lets other shows go on", async () => {
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  const inner = new SlowStore({ hamlet: 1, faust: 1 });
  const store: Store = {
    free: async (show) => (show === "hamlet" ? gate : Promise.resolve()).then(() => inner.free(show)),
    setFree: (show, seats) => inner.setFree(show, seats),
    addBooking: (show, name, seats) => inner.addBooking(show, name, seats),
  };
  const office = new BoxOffice(store);

  const waiting = office.book("hamlet", "Ada", 1);
  await office.book("faust", "Bob", 1);
  open();
  await waiting;

  expect(inner.bookings.map((booking) => booking.name)).toEqual(["Bob", "Ada"]);
});

it("goes on after a booking that failed", async () => {
  const inner = new SlowStore({ hamlet: 2 });
  let broken = true;
  const store: Store = {
    free: (show) => inner.free(show),
    setFree: (show, seats) => inner.setFree(show, seats),
    addBooking: async (show, name, seats) => {
      if (broken) {
        broken = false;
        throw new Error("the store is down");
      }
      await inner.addBooking(show, name, seats);
    },
  };
  const office = new BoxOffice(store);

  const ended = await Promise.allSettled([1, 2, 3, 4].map((n) => office.book("hamlet", `guest ${n}`, 1)));

  expect(ended.map((one) => one.status)).toEqual(["rejected", "fulfilled", "fulfilled", "rejected"]);
  expect((ended[0] as PromiseRejectedResult).reason.message).toBe("the store is down");
  expect((ended[3] as PromiseRejectedResult).reason).toBeInstanceOf(SoldOut);
  expect(inner.bookings).toHaveLength(2);
});

it("serves in the order of asking", async () => {
  const store = new SlowStore({ hamlet: 5 });
  const office = new BoxOffice(store);

  await Promise.all([1, 2, 3].map((n) => office.book("hamlet", `guest ${n}`, 1)));

  expect(store.bookings.map((booking) => booking.name)).toEqual(["guest 1", "guest 2", "guest 3"]);
});

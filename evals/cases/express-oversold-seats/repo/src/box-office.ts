import type { Store } from "./store.js";

export class SoldOut extends Error {}

export class BoxOffice {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** Rejects with SoldOut where fewer seats are free. */
  async book(show: string, name: string, seats: number): Promise<void> {
    const free = await this.store.free(show);
    if (free < seats) {
      throw new SoldOut(`Only ${free} seats are free.`);
    }
    await this.store.addBooking(show, name, seats);
    await this.store.setFree(show, free - seats);
  }
}

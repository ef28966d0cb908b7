export interface Store {
  free(show: string): Promise<number>;
  setFree(show: string, seats: number): Promise<void>;
  addBooking(show: string, name: string, seats: number): Promise<void>;
}

/** A store in memory that answers late. */
export class SlowStore implements Store {
  readonly bookings: { show: string; name: string; seats: number }[] = [];
  private readonly shows: Map<string, number>;

  constructor(shows: Record<string, number>) {
    this.shows = new Map(Object.entries(shows));
  }

  async free(show: string): Promise<number> {
    await later();
    return this.shows.get(show) ?? 0;
  }

  async setFree(show: string, seats: number): Promise<void> {
    await later();
    this.shows.set(show, seats);
  }

  async addBooking(show: string, name: string, seats: number): Promise<void> {
    await later();
    this.bookings.push({ show, name, seats });
  }
}

function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

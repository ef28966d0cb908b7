// The way of a run as five phases, each with the time it took; the present one counts on.
import { make } from "../../web/dom.js";
import { duration } from "../../web/numbers.js";

const STEPS = [
  ["plan", "Plan"],
  ["approval", "Approval"],
  ["execute", "Write and test"],
  ["changes", "Review"],
  ["deliver", "Deliver"],
];
const AT = { awaiting_approval: "approval", awaiting_changes: "changes" };

export class Phases {
  constructor(place, page) {
    this.place = place;
    this.page = page;
    this.timing = null;
    this.drawn = "";
    this.reviewed = false; // whether its changes were ever to be decided on, whatever the project's setting is now
    setInterval(() => this.tick(), 1000);
  }

  /** Reads the times again: they belong to the state that was just drawn. */
  async draw() {
    const { run } = this.page.state;
    this.show();
    const wanted = `${run.status} ${run.last_seq}`;
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    try {
      this.timing = await this.page.call("GET", "/timing");
    } catch (error) {
      this.drawn = ""; // the next event asks again; without times the phases are still right
      return;
    }
    this.read = Date.now();
    this.show();
  }

  seconds(name) {
    if (!this.timing) return null;
    const own = this.timing.phases.filter((each) => each.phase === name);
    return own.length ? own.reduce((sum, each) => sum + each.wall_seconds, 0) : null;
  }

  now() {
    const { run } = this.page.state;
    return run.state.final ? "" : AT[run.status] || run.state.phase || this.reached();
  }

  /** For a paused run: the last phase that a worker was in. */
  reached() {
    const begun = this.timing ? this.timing.phases : [];
    return begun.length ? begun[begun.length - 1].phase : "plan";
  }

  show() {
    const { run, reviews } = this.page.state,
      now = this.now();
    const steps = STEPS.filter(([name]) => name !== "changes" || reviews || this.reviewed || now === "changes");
    const stopped = run.state.final && run.state.outcome !== "succeeded" ? this.reached() : "";
    const at = steps.findIndex(([name]) => name === (now || stopped));
    this.place.replaceChildren(
      ...steps.map(([name, label], place) => {
        const seconds = this.seconds(name),
          done = run.state.outcome === "succeeded" || at > place;
        const state = name === now ? "now" : name === stopped ? "stopped" : done ? "done" : "later";
        const clock = make("span", { class: "number clock" }, seconds === null ? "" : duration(seconds));
        if (name === now && run.state.phase === name && seconds !== null)
          Object.assign(clock.dataset, { seconds, read: this.read });
        return make(
          "li",
          { "data-state": state, "aria-current": state === "now" ? "step" : false },
          make("span", {}, label),
          clock,
        );
      }),
    );
    if (this.timing) {
      const total = make("span", { class: "number clock" }, duration(this.timing.wall_seconds));
      if (!run.state.final) Object.assign(total.dataset, { seconds: this.timing.wall_seconds, read: this.read });
      this.place.append(
        make(
          "li",
          { class: "total" },
          make("span", {}, run.state.final ? "Took" : "Since the start"),
          total,
          make("span", { class: "muted small number" }, `${duration(this.timing.waiting_seconds)} waiting`),
        ),
      );
    }
    this.tick();
  }

  tick() {
    for (const clock of this.place.querySelectorAll("[data-seconds]")) {
      clock.textContent = duration(Number(clock.dataset.seconds) + (Date.now() - Number(clock.dataset.read)) / 1000);
    }
  }
}

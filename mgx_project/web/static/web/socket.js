// One socket that comes back by itself, after the last event that it has shown.

const LONGEST_PAUSE = 30000;
const ENDED = new Set([4401, 4404]);

/**
 * Follows `path` after the cursor `after`. `cursor(event)` is an event's place; `onEvents` gets those that come at once;
 * `onState` gets "live", "lost" or "ended" (signed out, or no longer visible). Returns a function that stops it.
 */
export function follow({ path, after, cursor, onEvents, onState = () => {} }) {
  let place = after,
    tries = 0,
    timer = 0,
    socket = null,
    stopped = false;

  function receive(events) {
    const fresh = events.filter((event) => Number.isInteger(cursor(event)) && cursor(event) > place);
    if (fresh.length === 0) return;
    place = cursor(fresh[fresh.length - 1]);
    onEvents(fresh);
  }

  function open() {
    clearTimeout(timer);
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const joined = path.includes("?") ? "&" : "?";
    socket = new WebSocket(`${scheme}//${location.host}${path}${joined}after=${place}&batch=1`);
    socket.onmessage = (message) => {
      const found = JSON.parse(message.data);
      if (found.type === "batch") receive(found.events);
      else if (found.type === "live") {
        tries = 0;
        if (Number.isInteger(found.after) && found.after > place) place = found.after;
        onState("live");
      } else receive([found]);
    };
    socket.onclose = (closed) => {
      socket = null;
      if (stopped) return;
      if (ENDED.has(closed.code)) {
        stopped = true;
        onState("ended");
        return;
      }
      onState("lost");
      tries += 1;
      timer = setTimeout(open, Math.min(LONGEST_PAUSE, 400 * 2 ** Math.min(tries, 7)));
    };
  }

  // a computer that slept or lost its network need not wait for the next attempt
  function hurry() {
    if (!stopped && socket === null && document.visibilityState === "visible") open();
  }
  window.addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  open();

  return () => {
    stopped = true;
    clearTimeout(timer);
    window.removeEventListener("online", hurry);
    document.removeEventListener("visibilitychange", hurry);
    if (socket !== null) socket.close(1000);
  };
}

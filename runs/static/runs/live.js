// Keeps the run page up to date: events over the run's socket (or, where that is refused, by asking), state by asking after
// each event. All that comes is text of others: it becomes text nodes, never markup.
(() => {
  "use strict";
  const QUIET = new Set(["model_output", "progress"]);
  const SPOKEN = new Set(["model_output", "command_finished"]);
  const MAX_ROWS = 1000, MAX_LOG = 200000, POLL = 5000, LONGEST = 30000;

  function start(panel) {
    const part = (name) => document.getElementById(name);
    let after = Number(panel.dataset.after) || 0, tries = 0, asking = false, again = false, timer = 0, socket = null;
    let final = panel.dataset.final === "1";

    const make = (name, text, attributes = {}) => {
      const element = document.createElement(name);
      for (const key of Object.keys(attributes)) element.setAttribute(key, attributes[key]);
      element.textContent = text;
      return element;
    };
    const tell = (words) => { if (part("live-link").textContent !== words) part("live-link").textContent = words; };

    function show(event) {
      if (!Number.isInteger(event.seq) || event.seq <= after) return;
      after = event.seq;
      const data = event.data || {};
      if (SPOKEN.has(event.type)) log(String(data.text || data.output_tail || ""));
      if (event.type !== "model_output") row(event);
      if (!QUIET.has(event.type)) ask();
    }

    function row(event) {
      const body = part("live-events");
      if (!body) return;
      const line = document.createElement("tr");
      const cells = [String(event.seq), String(event.timestamp || "").slice(11, 19), String(event.type), String(event.message || "")];
      for (const text of cells) line.append(make("td", text, { class: "px-3 py-1" }));
      body.append(line);
      if (body.rows.length > MAX_ROWS) body.rows[0].remove();
      const box = body.closest("[role=log]");
      if (box && box.scrollHeight - box.scrollTop - box.clientHeight < 200) box.scrollTop = box.scrollHeight;
    }

    function log(text) {
      const box = part("live-log");
      if (!box || !text) return;
      box.textContent = `${box.textContent}\n${text}`.slice(-MAX_LOG);
      box.scrollTop = box.scrollHeight;
    }

    function render(state) {
      const badge = part("live-status");
      badge.textContent = state.label;
      badge.dataset.tone = state.tone;
      if (part("live-next").textContent !== state.next) part("live-next").textContent = state.next;
      part("live-facts").replaceChildren(...state.facts.map((fact) => {
        const entry = document.createElement("div"), value = document.createElement("dd");
        const web = /^https?:\/\//.test(fact.url);
        value.append(web ? make("a", fact.text, { href: fact.url, rel: "noopener noreferrer" }) : fact.text);
        entry.append(make("dt", fact.name), value);
        return entry;
      }));
      buttons(state.actions);
      final = state.final;
      if (final) { tell(""); if (socket) socket.close(1000); }
    }

    function buttons(actions) {
      const place = part("live-actions");
      const now = Array.from(place.children, (link) => link.getAttribute("href")).join();
      if (now === actions.map((entry) => entry.url).join()) return; // what has the focus keeps it
      const own = actions.filter((entry) => new URL(entry.url, location.href).origin === location.origin);
      place.replaceChildren(...own.map((entry) =>
        make("a", entry.title, { href: entry.url, class: "live-button", "data-strong": entry.strong ? "1" : "0" })));
    }

    async function ask() {
      if (asking) { again = true; return; }
      asking = true;
      try {
        const answer = await fetch(`${panel.dataset.now}?after=${after}`, { credentials: "same-origin" });
        if (!answer.ok) throw new Error(String(answer.status));
        const found = await answer.json();
        found.events.forEach(show);
        render(found.state);
      } catch (error) {
        tell("The server does not answer; trying again.");
      }
      asking = false;
      if (again) { again = false; ask(); }
    }

    function poll() {
      tell("Asking every 5 s");
      clearTimeout(timer);
      timer = setTimeout(async () => { await ask(); if (!final) poll(); }, POLL);
    }

    function listen() {
      const scheme = location.protocol === "https:" ? "wss:" : "ws:";
      socket = new WebSocket(`${scheme}//${location.host}${panel.dataset.socket}?after=${after}`);
      socket.onmessage = (message) => {
        const event = JSON.parse(message.data);
        if (event.type === "live") { tries = 0; tell("Live"); ask(); } else if (event.seq) show(event);
      };
      socket.onclose = (closed) => {
        socket = null;
        if (final) return;
        if (closed.code === 4401 || closed.code === 4404) { poll(); return; }
        tell("Connection lost; coming back.");
        tries += 1;
        timer = setTimeout(listen, Math.min(LONGEST, 500 * 2 ** tries));
      };
    }

    if (!final) listen();
  }

  document.addEventListener("DOMContentLoaded", () => {
    const panel = document.getElementById("live-run");
    if (panel) start(panel);
  });
})();

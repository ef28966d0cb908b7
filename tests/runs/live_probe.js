// Runs live.js against a small document and a socket that is driven here; prints what the page came to.
"use strict";
const fs = require("fs"), vm = require("vm");
let html = 0;
class Element {
  constructor(name) { this.name = name; this.children = []; this.attributes = {}; this.dataset = {}; this._text = ""; }
  set innerHTML(_) { html += 1; }
  set outerHTML(_) { html += 1; }
  insertAdjacentHTML() { html += 1; }
  set textContent(text) { this._text = String(text); }
  get textContent() { return this._text; }
  get rows() { return this.children; }
  setAttribute(name, value) { this.attributes[name] = value; }
  getAttribute(name) { return this.attributes[name]; }
  append(...more) { this.children.push(...more); }
  replaceChildren(...all) { this.children = all; }
  closest() { return null; }
  remove() {}
}
const parts = {};
for (const id of ["live-run", "live-status", "live-next", "live-link", "live-facts", "live-actions", "live-events", "live-log"])
  parts[id] = new Element(id);
Object.assign(parts["live-run"].dataset, { after: "5", socket: "/ws/runs/r", now: "/now", final: "0" });
const opened = [], timers = [];
class WebSocket {
  constructor(url) { opened.push({ url, socket: this }); }
  close() {}
}
const EVIL = "<script>alert(1)</script>";
const state = {
  label: EVIL, tone: "busy", next: EVIL, final: false, facts: [{ name: "PR", text: EVIL, url: "javascript:alert(1)" }],
  actions: [{ title: EVIL, url: "/admin/x", strong: true }, { title: "away", url: "https://evil.example/", strong: false }],
};
const ready = [];
const context = {
  document: {
    getElementById: (id) => parts[id], createElement: (name) => new Element(name),
    addEventListener: (_, act) => ready.push(act),
  },
  location: { protocol: "https:", host: "mgx.example", href: "https://mgx.example/admin/", origin: "https://mgx.example" },
  WebSocket, URL, setTimeout: (act) => timers.push(act), clearTimeout() {},
  fetch: async () => ({ ok: true, json: async () => ({ state, events: [] }) }),
};
vm.runInNewContext(fs.readFileSync(process.argv[2], "utf8"), context);
ready.forEach((act) => act());
const hear = (event) => opened[0].socket.onmessage({ data: JSON.stringify(event) });
hear({ type: "live", after: 5 });
hear({ type: "role_message", seq: 6, timestamp: "2026-11-23T12:00:00Z", message: EVIL, data: {} });
hear({ type: "role_message", seq: 6, message: "twice" });
hear({ type: "model_output", seq: 7, data: { text: EVIL } });
opened[0].socket.onclose({ code: 1006 });
timers.pop()();
setImmediate(() => {
  const rows = parts["live-events"].children;
  process.stdout.write(JSON.stringify({
    cells: rows.length === 1 ? rows[0].children.map((cell) => cell.textContent) : rows.length,
    log: parts["live-log"].textContent, sockets: opened.map((entry) => entry.url), html,
    buttons: parts["live-actions"].children.map((link) => link.getAttribute("href")),
  }));
});

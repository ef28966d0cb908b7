// Requests to this server with the session of the page: the REST API, and the pages' own parts.

export class Refused extends Error {
  constructor(document, status) {
    super([document.detail, document.hint].filter(Boolean).join(" ") || "The server could not do it.");
    this.status = status;
    this.code = document.code || "";
  }
}

const csrf = () => document.querySelector("meta[name=csrf-token]").content;

/** A new name for one act, so that sending it again does it once. */
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The keys of one form's acts: the same request sent again is the same act, another one is another. */
export function keyring() {
  const sent = new Map();
  return (path, body) => {
    const text = JSON.stringify(body);
    if (sent.get(path)?.text !== text) sent.set(path, { text, key: newKey() });
    return { "Idempotency-Key": sent.get(path).key };
  };
}

async function send(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", redirect: "error", ...options });
  } catch (error) {
    throw new Refused({ detail: "The server does not answer. Check your connection, then try again." }, 0);
  }
  if (answer.ok) return answer;
  const document = await answer.json().catch(() => ({ detail: `The server answered ${answer.status}.` }));
  if (answer.status === 401 || (answer.status === 403 && document.code === "not_authenticated")) {
    document.detail =
      "Your session has ended. Reload the page to sign in again; what you typed stays in its field until then.";
  }
  throw new Refused(document, answer.status);
}

/** A part of a page, as text. */
export async function part(path) {
  const answer = await send(path, { headers: { "X-Requested-With": "fetch", Accept: "text/html" } });
  return answer.text();
}

/** What a page's own view says, as JSON. */
export async function ask(path) {
  const answer = await send(path, { headers: { "X-Requested-With": "fetch", Accept: "application/json" } });
  return answer.json();
}

/** The REST API in one workspace. `headers` may add `If-Match`. */
export async function api(workspace, method, path, body = undefined, headers = {}) {
  const all = { "X-Workspace-Id": workspace, Accept: "application/json", ...headers };
  if (method !== "GET") all["X-CSRFToken"] = csrf();
  if (method === "POST") all["Idempotency-Key"] = headers["Idempotency-Key"] || newKey();
  if (body !== undefined) all["Content-Type"] = "application/json";
  const answer = await send(`/api${path}`, {
    method,
    headers: all,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return (answer.headers.get("Content-Type") || "").includes("json") ? answer.json() : answer.text();
}

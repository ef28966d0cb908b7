// Elements from data. Text of others becomes text nodes; there is no way here to make markup of it.

/** `make("p", {class: "muted"}, "text", child, …)`; an attribute that is false or null is left out, `on…` is a listener. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "disabled") element[key] = value;
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Whether `address` is one of the web, so that a link to it can't run anything. */
export function isWeb(address) {
  return /^https?:\/\//.test(address);
}

export function link(address, text = address) {
  return isWeb(address)
    ? make("a", { href: address, rel: "noopener noreferrer" }, text)
    : document.createTextNode(text);
}

/** Says it at the bottom of the page, for people who read and people who listen. */
export function tell(words) {
  const place = document.getElementById("told");
  place.textContent = words;
  clearTimeout(tell.timer);
  if (words)
    tell.timer = setTimeout(() => {
      place.textContent = "";
    }, 8000);
}

export const byId = (id) => document.getElementById(id);

/** Whether a key press belongs to what is being typed, and not to the page. */
export function isTyping(event) {
  return (
    event.metaKey || event.ctrlKey || event.altKey || event.target.closest("input, textarea, select, dialog") !== null
  );
}

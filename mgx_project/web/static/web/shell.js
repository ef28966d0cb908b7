// What every page does: forms that send themselves, ages that grow, menus that close.
import { age } from "./numbers.js";

document.documentElement.classList.add("scripted");

for (const form of document.querySelectorAll("[data-sends-itself]")) {
  form.addEventListener("change", () => form.requestSubmit());
}

// drafts are of the person who signs out, and not of whoever uses this browser next
document.querySelector("form[action='/sign-out']")?.addEventListener("submit", () => {
  for (const key of Object.keys(localStorage)) if (key.startsWith("mgx.task.")) localStorage.removeItem(key);
});

export function showAges(within = document) {
  for (const time of within.querySelectorAll("time[data-age]")) time.textContent = age(time.dateTime);
}

showAges();
setInterval(showAges, 30000);

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
});

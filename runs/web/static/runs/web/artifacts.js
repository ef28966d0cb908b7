// The files that a run left, to download. They are of strangers: nothing of them is shown as a part of this page.
import { make } from "../../web/dom.js";
import { count } from "../../web/numbers.js";

const MOST = 200000; // bytes of a text that is shown here
const TEXT = /^(text\/|application\/(json|x-ndjson))/;

export async function drawArtifacts(place, page) {
  const wanted = `${page.state.run.status}`;
  if (place.dataset.drawn === wanted) return;
  place.dataset.drawn = wanted;
  try {
    const { items } = await page.call("GET", "/artifacts");
    place.replaceChildren(
      items.length
        ? make("ul", { class: "list" }, ...items.map((item) => row(item, page)))
        : make("p", { class: "empty" }, "No artifacts yet. The diff is one, once the run delivers."),
    );
  } catch (error) {
    place.dataset.drawn = "";
    place.replaceChildren(make("p", { class: "note bad", role: "alert" }, error.message));
  }
}

function row(item, page) {
  const preview = make("pre", { class: "preview", tabindex: "0", hidden: true });
  const path = `/artifacts/${item.id}`;
  const show = make(
    "button",
    {
      class: "quiet",
      type: "button",
      "aria-expanded": "false",
      onclick: async () => {
        if (!preview.textContent) {
          try {
            const text = await page.call("GET", path);
            preview.textContent = typeof text === "string" ? text : JSON.stringify(text, null, 1);
          } catch (error) {
            preview.textContent = error.message;
          }
        }
        preview.hidden = !preview.hidden;
        show.setAttribute("aria-expanded", String(!preview.hidden));
      },
    },
    "Show",
  );
  const workspace = page.state.run.workspace_id;
  return make(
    "li",
    { class: "artifact" },
    make("span", { class: "chip" }, item.kind),
    make(
      "div",
      { class: "grow" },
      make("b", {}, item.name),
      make("span", { class: "muted small number" }, ` ${count(item.size)} bytes`),
    ),
    make(
      "div",
      { class: "row" },
      TEXT.test(item.content_type) && item.size <= MOST ? show : null,
      make("a", { href: `/api/runs/${page.state.run.id}${path}?workspace=${workspace}`, download: true }, "Download"),
    ),
    preview,
  );
}

// A long list of which only the blocks in view have elements: ten thousand entries cost as much as a hundred.

const BLOCK = 40;
const GUESS = 34; // px of an entry that was never shown
const AHEAD = "900px";

export class VirtualList {
  /** `scroller` is the box that scrolls; `render(item)` makes the element of one item. */
  constructor(scroller, render) {
    this.scroller = scroller;
    this.render = render;
    this.items = [];
    this.blocks = [];
    this.stuck = true;
    this.seen = new IntersectionObserver((entries) => this.look(entries), {
      root: scroller,
      rootMargin: `${AHEAD} 0px`,
    });
    this.sizes = new ResizeObserver(() => {
      if (this.stuck) this.toEnd();
    });
    this.content = document.createElement("div");
    scroller.replaceChildren(this.content);
    this.sizes.observe(this.content);
    scroller.addEventListener(
      "scroll",
      () => {
        this.stuck = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
      },
      { passive: true },
    );
  }

  /** Shows new items at the end, and again those of `changed` (places in `items`). */
  extend(items, changed = new Set()) {
    const touched = new Set(Array.from(changed, (place) => Math.floor(place / BLOCK)));
    for (const item of items) {
      touched.add(Math.floor(this.items.length / BLOCK));
      this.items.push(item);
    }
    for (const number of touched) {
      const block = this.blocks[number] || this.begin(number);
      if (block.shown) this.fill(block);
      else this.empty(block);
    }
    if (this.stuck) this.toEnd();
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  begin(number) {
    const element = document.createElement("div");
    const block = { number, element, shown: false, height: 0 };
    element.block = block;
    this.blocks[number] = block;
    this.content.append(element);
    this.seen.observe(element);
    return block;
  }

  look(entries) {
    for (const { target, isIntersecting } of entries) {
      const block = target.block;
      if (isIntersecting && !block.shown) {
        block.shown = true;
        this.fill(block);
      } else if (!isIntersecting && block.shown && !this.holdsFocus(block)) {
        block.height = target.offsetHeight || block.height;
        block.shown = false;
        this.empty(block);
      }
    }
  }

  holdsFocus(block) {
    return block.element.contains(document.activeElement);
  }

  own(block) {
    return this.items.slice(block.number * BLOCK, (block.number + 1) * BLOCK);
  }

  fill(block) {
    block.element.style.height = "";
    // what was drawn already and has not changed keeps its element: selections and open parts stay
    const kept = block.element.children;
    this.own(block).forEach((item, place) => {
      const old = kept[place];
      if (old && old.item === item && old.version === item.version) return;
      const element = this.render(item);
      element.item = item;
      element.version = item.version;
      if (old) old.replaceWith(element);
      else block.element.append(element);
    });
  }

  empty(block) {
    block.element.replaceChildren();
    block.element.style.height = `${block.height || this.own(block).length * GUESS}px`;
  }
}

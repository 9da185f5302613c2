// A panel: a title, what it shows, and when it fetches that again.

import { Failure } from "/api.js";
import { el, put } from "/dom.js";

export class Panel {
  // load() gives what show(data) makes nodes of; mark(node): fetch again when it has changed.
  constructor(name, load, show, mark) {
    this.load = load;
    this.show = show;
    this.mark = mark;
    this.body = el("div", { class: "panel-body" });
    this.element = el("section", { class: "panel", "aria-label": name }, el("h2", {}, name), this.body);
    this.last = undefined;
    this.busy = false;
  }

  update(node) {
    const mark = JSON.stringify(this.mark(node));
    if (mark === this.last || this.busy) return;
    this.last = mark;
    this.fetch();
  }

  async fetch() {
    this.busy = true;
    try {
      put(this.body, this.show(await this.load()));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.last = undefined;
      put(this.body, el("p", { class: "problem" }, error.line));
    } finally {
      this.busy = false;
    }
  }
}

export function nothing(what) {
  return el("p", { class: "muted" }, what);
}

export function table(heads, rows) {
  const head = el("tr", {}, heads.map((name) => el("th", { scope: "col" }, name)));
  const body = rows.map((cells) => el("tr", {}, cells.map((cell) => el("td", {}, cell))));
  return el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": heads.join(", ") },
    el("table", {}, el("thead", {}, head), el("tbody", {}, body)));
}

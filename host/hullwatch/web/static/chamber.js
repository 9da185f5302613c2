// One chamber: figures, plots, and the panels that say what stands behind them.

import { ask, nodePath, reportOf } from "/api.js";
import { el, put, text } from "/dom.js";
import { celsius, duration, length, pressure, reserve, words } from "/format.js";
import { badge, contents, rate, STATES, testState, TRENDS } from "/overview.js";
import { markPanel } from "/marks.js";
import { calibrationPanel, eventPanel, linkPanel, verdictPanel } from "/panels.js";
import { Plots } from "/plots.js";
import { Range } from "/range.js";
import { riskPanel } from "/risk.js";
import { known, listen, title } from "/state.js";
import { testPanel } from "/test.js";

const SPANS = [[300, "5 min"], [3600, "1 h"], [6 * 3600, "6 h"], [86400, "1 d"], [7 * 86400, "1 w"]];
const REST_MS = 1000;

class Chamber {
  constructor(root, node) {
    this.node = node;
    this.extent = null;
    this.seen = {};
    this.range = new Range(() => this.edges(), () => this.moved());
    this.head = el("div", { class: "page-head" });
    this.figures = el("div", { class: "figures" });
    this.plots = new Plots(node, this.range, () => (this.choice.value === "" ? null : Number(this.choice.value)));
    this.choice = el("select", { id: "window-length", onchange: () => this.plots.fetch() }, el("option", { value: "" }, "fitting"));
    this.panels = [testPanel(node), riskPanel(node), verdictPanel(node), eventPanel(node), markPanel(node, (marks) => this.plots.setMarks(marks)),
      calibrationPanel(node), linkPanel(node)];
    this.toolbar = this.makeToolbar();
    root.append(this.head, this.figures, this.toolbar, this.plots.element,
      el("div", { class: "panels" }, this.panels.map((panel) => panel.element)));
    this.stop = listen((kind) => this.told(kind));
    this.begin();
  }

  makeToolbar() {
    const button = (label, does, attributes = {}) => el("button", { type: "button", onclick: does, ...attributes }, label);
    this.live = button("Live", () => this.range.follow(), { "aria-pressed": "true" });
    this.spans = SPANS.map(([s, label]) => button(label, () => this.range.follow(s), { "data-span": s, "aria-pressed": "false" }));
    this.whole = button("All", () => this.range.all());
    return el("div", { class: "toolbar", role: "toolbar", "aria-label": "Span of the plots" },
      this.live, el("span", { class: "group" }, this.spans, this.whole),
      el("span", { class: "group" },
        button("←", () => this.range.move(-0.5), { "aria-label": "Earlier" }), button("→", () => this.range.move(0.5), { "aria-label": "Later" }),
        button("−", () => this.range.zoom(2), { "aria-label": "Zoom out" }), button("+", () => this.range.zoom(0.5), { "aria-label": "Zoom in" })),
      el("label", {}, "Windows ", this.choice), this.report = el("a", { download: true, class: "download" }, "Report of this span"));
  }

  async begin() {
    try {
      this.extent = await ask(nodePath(this.node, "extent"));
    } catch (error) {
      put(this.figures, el("p", { class: "problem", role: "alert" }, error.line));
      return;
    }
    const [first, last] = this.edges();
    this.range.span = Math.min(3600, Math.max(120, last - first));
    this.update();
    this.range.follow();
    this.plots.fetch();
  }

  edges() {
    const latest = known.nodes.get(this.node)?.latest?.utc_us;
    const from = this.extent?.from_utc_us ?? (latest ?? Date.now() * 1000) - 6e8;
    return [from / 1e6, Math.max(latest ?? 0, this.extent?.to_utc_us ?? 0, from) / 1e6];
  }

  moved() {
    if (!this.extent) return;
    this.live.setAttribute("aria-pressed", String(this.range.live));
    for (const one of this.spans) {
      one.setAttribute("aria-pressed", String(this.range.live && Number(one.dataset.span) === this.range.span));
    }
    this.report.href = reportOf(this.node, { from_utc_us: Math.max(0, Math.round(this.range.from * 1e6)), to_utc_us: Math.round(this.range.to * 1e6) });
    this.plots.slide();
  }

  told(kind) {
    if (kind !== `node ${this.node}` && kind !== "complete" && kind !== "owners") return;
    this.update();
    const node = known.nodes.get(this.node);
    if (!node || !this.extent) return;
    if (this.extent.from_utc_us === null && node.latest) { this.begin(); return; }
    const newest = JSON.stringify(node.newest.samples);
    if (newest !== this.seen.samples) {
      this.seen.samples = newest;
      if (this.range.live) this.later();
    }
  }

  // As often as there is something to see: once a second, or once a pixel where that is longer.
  later() {
    if (this.waiting) return;
    const pixelMs = this.range.span / 800 * 1000;
    this.waiting = setTimeout(() => { this.waiting = null; if (this.range.live) this.plots.fetch(); }, Math.min(60000, Math.max(REST_MS, pixelMs)));
  }

  update() {
    const node = known.nodes.get(this.node);
    if (!node) return;
    const testing = testState(this.node);
    put(this.head, el("h1", {}, title(node)), el("span", { class: "id muted" }, this.node),
      testing ? badge(`test: ${testing}`, "warn") : null, badge(node.state, STATES[node.state]));
    const head = node.headline;
    put(this.figures,
      el("div", { class: "tile wide" }, el("h2", {}, "Leak rate"), el("p", { class: "figure" }, rate(head)), el("p", { class: "muted small" }, contents(head))),
      tile("Reserve time", reserve(head?.reserve_s), head?.reserve_s === null ? "no reserve_limit_pa is set" : "to the limit, from the upper bound"),
      tile("Trend", node.trend ? badge(words(node.trend.state), TRENDS[node.trend.state]) : "not watched", node.trend ? `${length(node.trend.window_s)} windows` : "no trend_s is set"),
      tile("Pressure", node.latest ? pressure(node.latest.pressure_pa) : "–", node.pressure_kind === "abs" ? "absolute" : words(node.pressure_kind)),
      tile("Temperature", node.latest ? celsius(node.latest.temperature_k) : "–", `compensation: ${words(node.compensation)}`),
      tile("Measured by", node.sensor || "–", `every ${node.period_s ? period(node.period_s) : "?"}, ${node.gas}`));
    this.lengths(node.windows_s);
    for (const panel of this.panels) panel.update?.(node);
  }

  lengths(lengths) {
    const wanted = ["", ...lengths.map(String)];
    if (wanted.join() === [...this.choice.options].map((o) => o.value).join()) return;
    const before = this.choice.value;
    this.choice.replaceChildren(...wanted.map((v) => el("option", { value: v }, v === "" ? "fitting" : length(Number(v)))));
    this.choice.value = wanted.includes(before) ? before : "";
  }

  key(key) {
    const does = {
      l: () => this.range.follow(), 0: () => this.range.all(), "+": () => this.range.zoom(0.5), "=": () => this.range.zoom(0.5),
      "-": () => this.range.zoom(2), ArrowLeft: () => this.range.move(-0.5), ArrowRight: () => this.range.move(0.5),
    }[key];
    does?.();
    return Boolean(does);
  }

  close() {
    this.stop();
    clearTimeout(this.waiting);
    this.plots.close();
    for (const panel of this.panels) panel.close?.();
  }
}

const period = (seconds) => (seconds < 1 ? `${Number((seconds * 1000).toPrecision(4))} ms` : duration(seconds));

function tile(name, value, note) {
  return el("div", { class: "tile" }, el("h2", {}, name), el("p", { class: "figure small-figure" }, value), el("p", { class: "muted small" }, note));
}

export function chamberPage(root, node) {
  return new Chamber(root, node);
}

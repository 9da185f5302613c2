// One plot: a band between two columns, a line, gaps as gaps, marks hatched behind it.

import { colour, el } from "/dom.js";
import { minus, plain } from "/format.js";
import { paintMarks } from "/hatch.js";

const HEIGHT = 190;
const DAY_S = 86400;
const STEPS = [
  [DAY_S * 365, "{YYYY}"], [DAY_S * 28, "{MMM}"], [DAY_S, "{DD} {MMM}"], [3600, "{HH}:{mm}"], [60, "{HH}:{mm}"],
  [1, "{HH}:{mm}:{ss}"], [0.001, ":{ss}.{fff}"],
];
const DAY_BELOW = "\n{DD} {MMM} {YYYY}";

function timeTicks() {
  return STEPS.map(([step, format]) => step >= DAY_S
    ? [step, format, step >= DAY_S * 365 ? null : "\n{YYYY}", null, null, null, null, null, 1]
    : [step, format, DAY_BELOW, null, DAY_BELOW, null, null, null, 1]);
}

export class Plot {
  // options: { title, unit(), tint, key, line, digits }; handlers: { select(from, to), reset() }.
  constructor(options, handlers, syncKey) {
    this.options = options;
    this.handlers = handlers;
    this.syncKey = syncKey;
    this.marks = [];
    this.readout = el("span", { class: "readout" });
    this.caption = el("figcaption", {}, el("span", { class: `swatch ${options.tint}` }), options.title, this.readout);
    this.holder = el("div", { class: "plot", tabindex: 0, role: "img", "aria-label": options.title });
    this.note = el("p", { class: "muted small plot-note" });
    this.element = el("figure", { "data-plot": options.key }, this.caption, this.holder, this.note);
    this.data = options.line ? [[], [], [], []] : [[], [], []];
    this.between = [0, 1];
    this.exponent = 0;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.holder);
    this.holder.addEventListener("dblclick", () => handlers.reset());
    this.holder.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  build() {
    this.chart?.destroy();
    const { tint, line } = this.options;
    const stroke = colour(tint);
    const fill = colour(`${tint}-band`);
    const edge = { stroke: line ? "transparent" : stroke, width: line ? 0 : 1.2, points: { show: false } };
    const series = [{}, { ...edge, label: "upper" }, { ...edge, label: "lower" }];
    if (line) series.push({ label: this.options.title, stroke, width: 1.6, points: { show: false } });
    const axis = { stroke: colour("muted"), grid: { stroke: colour("grid"), width: 1 }, ticks: { stroke: colour("grid"), width: 1 }, font: "12px system-ui, sans-serif" };
    this.chart = new uPlot({
      width: Math.max(120, this.holder.clientWidth), height: HEIGHT,
      tzDate: (ts) => uPlot.tzDate(new Date(ts * 1000), "Etc/UTC"),
      series, bands: [{ series: [1, 2], fill }], legend: { show: false },
      scales: { x: { time: true, range: () => this.between }, y: { range: (u, low, high) => this.yRange(low, high) } },
      axes: [
        { ...axis, values: timeTicks(), space: 70 },
        { ...axis, size: 74, values: (u, ticks) => this.labels(ticks) },
      ],
      cursor: {
        sync: { key: this.syncKey, setSeries: false }, drag: { x: true, y: false, setScale: false },
        points: { show: false }, bind: { dblclick: () => null },
      },
      hooks: {
        drawClear: [(u) => paintMarks(u, this.marks)],
        setSelect: [(u) => this.selected(u)],
        setCursor: [(u) => this.point(u)],
      },
    }, this.data, this.holder);
  }

  yRange(low, high) {
    if (low === null || high === null || low === undefined) return [0, 1];
    const room = Math.max((high - low) * 0.08, Math.abs(high) * 1e-7, 1e-18);
    return [low - room, high + room];
  }

  labels(ticks) {
    if (!this.options.line) return ticks.map((v) => minus(String(Number(v.toFixed(4)))));
    const largest = Math.max(...ticks.map(Math.abs));
    this.exponent = largest > 0 ? Math.floor(Math.log10(largest)) : 0;
    return ticks.map((v) => (v === 0 ? "0" : plain(Number(v.toPrecision(6)))));
  }

  draw(data, from, to) {
    this.data = data;
    this.between = [from, to];
    if (!this.chart) { this.build(); return; }
    this.chart.setData(data, true);
  }

  // Where the view goes before its data have come.
  slide(from, to) {
    this.between = [from, to];
    this.chart?.setScale("x", { min: from, max: to });
  }

  setMarks(marks) {
    this.marks = marks;
    this.chart?.redraw(false);
  }

  resize() {
    if (this.chart && this.holder.clientWidth > 0) this.chart.setSize({ width: this.holder.clientWidth, height: HEIGHT });
  }

  selected(u) {
    if (u.select.width < 4) return;
    const from = u.posToVal(u.select.left, "x");
    const to = u.posToVal(u.select.left + u.select.width, "x");
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
    this.handlers.select(from, to);
  }

  point(u) {
    const at = u.cursor.idx;
    const told = at === null || at === undefined || u.cursor.left < 0 ? "" : this.options.told(this.data, at);
    if (this.readout.textContent !== told) this.readout.textContent = told;
  }

  wheel(event) {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    const delta = event.deltaY || event.deltaX;
    const at = this.chart.posToVal(event.offsetX, "x");
    this.handlers.wheel(event.ctrlKey ? "zoom" : "move", delta, at);
  }

  close() {
    this.observer.disconnect();
    this.chart?.destroy();
  }
}

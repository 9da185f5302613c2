// The three plots of a chamber, one view: leak rate with its interval, pressure, temperature.

import { ask, nodePath } from "/api.js";
import { el, text } from "/dom.js";
import { celsius, length, moment, pressure, reference, withUncertainty, words } from "/format.js";
import { Plot } from "/plot.js";

const WAIT_MS = 90;
const SHARE = 250;

const tellRate = (kinds) => (data, at) => {
  const value = data[3][at];
  if (value === null || value === undefined) return "";
  const half = data[1][at] === null ? null : data[1][at] - value;
  return `${moment(data[0][at] * 1e6)}  ${withUncertainty(value, half)} Pa·m³/s${kinds[at] ? `, ${words(kinds[at])}` : ""}`;
};

const tellSpan = (shown) => (data, at) => {
  const [high, low] = [data[1][at], data[2][at]];
  if (high === null || high === undefined) return "";
  return `${moment(data[0][at] * 1e6)}  ${high - low < 1e-9 ? shown(high) : `${shown(low)} … ${shown(high)}`}`;
};

export class Plots {
  constructor(node, range, windowChoice) {
    this.node = node;
    this.range = range;
    this.windowChoice = windowChoice;
    this.kinds = [];
    const handlers = {
      select: (from, to) => range.set(from, to), reset: () => range.all(),
      wheel: (what, delta, at) => (what === "zoom" ? range.zoom(delta > 0 ? 1.25 : 0.8, at) : range.move(delta > 0 ? 0.1 : -0.1)),
    };
    const sync = `sync-${node}`;
    this.rate = new Plot({ key: "rate", title: "Leak rate, Pa·m³/s", tint: "rate", line: true, told: (d, k) => tellRate(this.kinds)(d, k) }, handlers, sync);
    this.pressure = new Plot({ key: "pressure", title: "Pressure, Pa", tint: "pressure", told: tellSpan(pressure) }, handlers, sync);
    this.temperature = new Plot({ key: "temperature", title: "Temperature, °C", tint: "temperature", told: tellSpan((c) => celsius(c + 273.15)) }, handlers, sync);
    this.all = [this.rate, this.pressure, this.temperature];
    this.problem = el("p", { class: "problem", role: "alert" });
    this.element = el("div", { class: "plots" }, this.all.map((plot) => plot.element), this.problem);
    this.abort = null;
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.recolour = () => this.all.forEach((plot) => plot.chart && plot.build());
    this.dark.addEventListener("change", this.recolour);
  }

  // Moves what is there at once, fetches what belongs there a moment later.
  slide() {
    for (const plot of this.all) plot.slide(this.range.from, this.range.to);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.fetch(), WAIT_MS);
  }

  async fetch() {
    clearTimeout(this.timer);
    this.abort?.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    const [from, to] = [this.range.from, this.range.to];
    const span = { from_utc_us: Math.max(0, Math.round(from * 1e6)), to_utc_us: Math.max(1, Math.round(to * 1e6)) };
    const pixels = Math.max(50, Math.min(2000, this.rate.holder.clientWidth - 80));
    const get = (what, query) => ask(nodePath(this.node, what), { ...span, ...query }, signal);
    try {
      const [rates, pressures, temperatures] = await Promise.all([
        get("windows", { window_s: this.windowChoice() ?? (to - from) / SHARE }),
        get("samples", { channel: "pressure", pixels }), get("samples", { channel: "temperature", pixels }),
      ]);
      this.draw(rates, pressures, temperatures, from, to);
      text(this.problem, "");
    } catch (error) {
      if (error.name !== "AbortError") text(this.problem, error.line ?? String(error));
    }
  }

  draw(rates, pressures, temperatures, from, to) {
    const seconds = (got) => got.utc_us.map((us) => us / 1e6);
    const at = rates.leak_rate_pa_m3_s;
    const half = rates.u95_pa_m3_s;
    this.kinds = rates.u95_kind;
    const edge = (sign) => at.map((value, k) => (value === null || half[k] === null ? null : value + sign * half[k]));
    this.rate.draw([seconds(rates), edge(1), edge(-1), at], from, to);
    this.pressure.draw([seconds(pressures), pressures.high, pressures.low], from, to);
    const warm = (column) => column.map((value) => (value === null ? null : value - 273.15));
    this.temperature.draw([seconds(temperatures), warm(temperatures.high), warm(temperatures.low)], from, to);
    const at_ref = rates.t_refs_k.map(reference).join(" and ");
    const longer = rates.window_s > rates.asked_window_s && this.windowChoice() !== null
      ? ` – ${length(rates.asked_window_s)} would be too many here: zoom in` : "";
    const cut = rates.cut ? " – only the newest 2000 are shown" : "";
    text(this.rate.note, `windows of ${length(rates.window_s)} ${at_ref}, band: 95 % interval, positive = gas lost${longer}${cut}`);
    text(this.pressure.note, `${pressures.samples.toLocaleString("en")} samples, lowest to highest of each pixel`);
    this.element.dataset.samples = pressures.samples;
    this.element.dataset.windows = at.filter((value) => value !== null).length;
    this.element.dataset.drawn = String(Number(this.element.dataset.drawn || 0) + 1);
    const latest = at.findLastIndex((value) => value !== null);
    this.rate.holder.setAttribute("aria-label", latest < 0 ? "Leak rate: no window in this span" :
      `Leak rate, newest ${withUncertainty(at[latest], half[latest])} Pa·m³/s ${at_ref}`);
  }

  setMarks(marks) {
    for (const plot of this.all) plot.setMarks(marks);
  }

  close() {
    this.abort?.abort();
    clearTimeout(this.timer);
    this.dark.removeEventListener("change", this.recolour);
    for (const plot of this.all) plot.close();
  }
}

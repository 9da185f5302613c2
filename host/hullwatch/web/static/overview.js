// Every chamber on a card: its state, how much it leaks and how sure that is.

import { ask, nodePath } from "/api.js";
import { el, put, text } from "/dom.js";
import { celsius, duration, length, moment, pressure, reference, reserve, withUncertainty, words } from "/format.js";
import { known, listen, nowMs, title } from "/state.js";
import { sparkline } from "/spark.js";

export const STATES = {
  measuring: "good", silent: "bad", "sensor fault": "bad", "nothing stored": "quiet",
};
export const TRENDS = {
  STEADY: "good", LEARNING: "quiet", RISING: "warn", DOUBLED: "bad", CEASED: "good", RESURGED: "bad",
};
const SPARK_WINDOWS = 120;
const SPARK_EVERY_MS = 15000;

export function badge(word, kind) {
  return el("span", { class: `badge ${kind || "quiet"}` }, word);
}

export function rate(window_) {
  if (!window_) return [el("span", { class: "rate" }, "no window yet")];
  return [
    el("span", { class: "rate" }, withUncertainty(window_.leak_rate_pa_m3_s, window_.u95_pa_m3_s)),
    el("span", { class: "unit" }, ` Pa·m³/s ${reference(window_.t_ref_k)}`),
  ];
}

export function contents(window_) {
  if (!window_) return "";
  const flags = window_.flags.filter((flag) => flag !== "NOISE_ONLY").map(words);
  return [`${length(window_.window_s)} window`, `interval: ${words(window_.u95_kind)}`, ...flags].join(" · ");
}

export function testState(node) {
  const test = known.owners[node]?.test;
  return test && test.running ? test.phase : null;
}

function age(node) {
  const seconds = nowMs() / 1000 - node.heard_utc_us / 1e6;
  if (node.state !== "silent") return `${node.sensor || "no sensor"}, ${node.volume_m3 === null ? "" : `${Number((node.volume_m3 * 1000).toPrecision(4))} L`}`;
  return `last heard ${moment(node.heard_utc_us, false)} UTC, ${duration(seconds)} ago`;
}

function fact(name, value, whole = false) {
  return el("div", { class: whole ? "whole" : null }, el("dt", {}, name), el("dd", {}, value));
}

class Card {
  constructor(node) {
    this.head = el("div", { class: "card-head" });
    this.value = el("p", { class: "figure" });
    this.note = el("p", { class: "muted small" });
    this.spark = el("div", { class: "spark" });
    this.facts = el("dl", { class: "facts" });
    this.element = el("article", { class: "card" }, this.head, this.value, this.note, this.spark, this.facts);
    this.node = node.node;
    this.drawn = 0;
  }

  update(node) {
    const testing = testState(node.node);
    put(this.head,
      el("h2", {}, el("a", { href: `#/chamber/${encodeURIComponent(node.node)}` }, title(node))),
      testing ? badge(`test: ${testing}`, "warn") : null, badge(node.state, STATES[node.state]));
    put(this.value, rate(node.headline));
    text(this.note, contents(node.headline));
    put(this.facts,
      fact("Pressure", node.latest ? pressure(node.latest.pressure_pa) : "–"),
      fact("Temperature", node.latest ? celsius(node.latest.temperature_k) : "–"),
      fact("Reserve time", reserve(node.headline?.reserve_s)),
      fact("Trend", node.trend ? badge(words(node.trend.state), TRENDS[node.trend.state]) : "not watched"),
      fact("Node", el("span", { class: "id" }, `${node.node} · ${age(node)}`), true));
    this.draw(node);
  }

  async draw(node) {
    const now = performance.now();
    if (!node.headline?.ended_utc_us || (this.drawn && now - this.drawn < SPARK_EVERY_MS)) return;
    this.drawn = now;
    const to = node.headline.ended_utc_us + 1;
    const length_s = node.windows[Math.max(0, node.windows.length - 2)].window_s;
    try {
      const got = await ask(nodePath(node.node, "windows"), {
        from_utc_us: Math.round(Math.max(0, to - length_s * SPARK_WINDOWS * 1e6)), to_utc_us: to, window_s: length_s,
      });
      put(this.spark, sparkline(got), el("span", { class: "muted small" },
        `${length(got.window_s)} windows, ${got.leak_rate_pa_m3_s.length} newest`));
    } catch { this.drawn = 0; }
  }
}

export function overviewPage(root) {
  const grid = el("div", { class: "grid" });
  const empty = el("p", { class: "notice", hidden: true },
    "No node has been logged into this database yet. In a terminal: hullwatch log --db FILE");
  root.append(el("h1", { class: "visually-hidden" }, "Overview"), empty, grid);
  const cards = new Map();

  function show() {
    for (const [id, card] of cards) {
      if (!known.nodes.has(id)) { card.element.remove(); cards.delete(id); }
    }
    for (const node of known.nodes.values()) {
      if (!cards.has(node.node)) {
        const card = new Card(node);
        cards.set(node.node, card);
        grid.append(card.element);
      }
      cards.get(node.node).update(node);
    }
    empty.hidden = !known.loaded || known.nodes.size > 0;
  }

  const stop = listen((kind) => {
    if (kind.startsWith("node ") || ["complete", "looked", "owners"].includes(kind)) show();
  });
  const timer = setInterval(show, 5000);
  show();
  return { close() { stop(); clearInterval(timer); } };
}

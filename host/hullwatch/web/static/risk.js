// Likelihood and consequence of the leak, and how its trend came to be what it is.

import { ask, nodePath } from "/api.js";
import { el } from "/dom.js";
import { duration, length, moment, plain, words } from "/format.js";
import { badge, TRENDS } from "/overview.js";
import { nothing, Panel } from "/panel.js";

const LEVELS = [1, 2, 3, 4, 5];
const TINT = { low: "good", medium: "warn", high: "bad" };

function matrix(table, rating) {
  const rows = table.cells.map((cells, k) => {
    const likelihood = 5 - k;
    return el("tr", {}, el("th", { scope: "row" }, String(likelihood)), cells.map((cell, c) => {
      const here = rating && rating.likelihood === likelihood && rating.consequence === c + 1;
      return el("td", { class: `cell ${TINT[cell] ?? "quiet"}${here ? " here" : ""}`, "aria-current": here ? "true" : null }, here ? `● ${cell}` : cell);
    }));
  });
  return el("table", { class: "matrix" },
    el("caption", { class: "muted small" }, `likelihood (rows) × consequence (columns); table “${table.name}”, version ${table.version}`),
    el("thead", {}, el("tr", {}, el("td", {}), LEVELS.map((n) => el("th", { scope: "col" }, String(n))))),
    el("tbody", {}, rows));
}

function proof({ quiet_s, asked_s, limit_pa_m3_s, known_leak }) {
  return `Proof of cessation: ${duration(quiet_s)} of ${duration(asked_s)} below ${plain(limit_pa_m3_s)} Pa·m³/s; ` +
    `known leak ${known_leak ? "recovered" : "not yet recovered"}.`;
}

function show({ vigil, table }) {
  if (!vigil) return nothing("Nothing is known of this chamber yet.");
  const { rating, doubling } = vigil;
  return [
    el("p", {}, badge(words(vigil.state), TRENDS[vigil.state]), ` from ${vigil.windows} windows of ${length(vigil.window_s)}`,
      vigil.masked ? `, ${vigil.masked} masked by marks` : ""),
    matrix(table, rating),
    el("p", { class: "small" }, rating ? `${rating.rating}: ${rating.why}` : "Not rated: no leak rate with an uncertainty yet."),
    doubling ? el("p", { class: "small" }, `The rate doubles in ${duration(doubling.time_s)} (${duration(doubling.low_s)} to ${doubling.high_s === null ? "never" : duration(doubling.high_s)}).`) : null,
    el("p", { class: "small muted" }, proof(vigil.proof)),
    vigil.alarms.map((text) => el("p", { class: "small problem" }, text)),
    vigil.calls.slice(-4).toReversed().map((call) => el("p", { class: "small muted" }, `${moment(call.utc_us, false)}: ${call.words}`)),
  ];
}

export function riskPanel(node) {
  return new Panel("Risk", () => ask(nodePath(node, "risk")), show, (state) => [Math.floor(state.heard_utc_us / 6e7), state.newest.mark]);
}

// The search for the section that leaks: sections and hatches as they stand, and what was done.

import { ask } from "/api.js";
import { el, put } from "/dom.js";
import { moment, percent, reference, withUncertainty, words } from "/format.js";
import { badge } from "/overview.js";
import { schematic } from "/schematic.js";
import { known } from "/state.js";

const EVERY_MS = 1500;

function heading(search) {
  const { finding } = search;
  if (search.running) return [badge("searching", "warn"), el("span", {}, search.doing)];
  if (!finding) return [badge("ended", "quiet"), el("span", {}, search.ended)];
  const named = finding.verdict === "determined";
  return [badge(finding.verdict, named ? "bad" : finding.verdict === "no leak" ? "good" : "warn"),
    el("strong", {}, named ? `${finding.section}, ${percent(finding.confidence)}` : finding.reason),
    finding.still_closed ? el("strong", { class: "problem" }, `hatch ${finding.still_closed} IS STILL CLOSED`) : null];
}

const STEPS = {
  baseline: () => "all hatches open: the whole measured",
  close: (e) => `${e.hatch} closed, for at most ${Math.round(e.limit_s)} s`,
  open: (e) => `${e.hatch} opened after ${Math.round(e.closed_for_s)} s${e.limit_kept === false ? ", LONGER THAN PERMITTED" : ""}`,
  check: (e) => (e.opened === "no" ? `${e.hatch} IS STILL CLOSED: its sides stay apart` : `${e.hatch} is open again`),
  weigh: (e) => `both sides of ${e.hatch} weighed`,
};

function step(entry) {
  const at = typeof entry.at_s === "number" ? `${moment(entry.at_s * 1e6)}  ` : "";
  return el("li", {}, el("span", { class: "muted" }, at), STEPS[entry.step]?.(entry) ?? words(entry.step));
}

function conditions(search) {
  const nodes = search.sections.map((s) => known.nodes.get(s.node)).filter((node) => node?.t_ref_k);
  return nodes.length ? reference(nodes[0].t_ref_k) : "at the nodes' reference temperature";
}

function page(search) {
  const rate = search.rate_pa_m3_s === null || search.rate_pa_m3_s === undefined ? null :
    el("p", {}, `The whole loses ${withUncertainty(search.rate_pa_m3_s, search.u95_pa_m3_s)} Pa·m³/s ${conditions(search)}`);
  const rows = search.sections.toSorted((a, b) => b.probability - a.probability).map((s) =>
    el("tr", {}, el("th", { scope: "row" }, s.name), el("td", {}, percent(s.probability)), el("td", {}, `${s.volume_m3} m³`),
      el("td", { class: "id" }, s.node ?? "no node")));
  return [
    el("div", { class: "page-head" }, heading(search)), rate,
    el("div", { class: "panel scroll", tabindex: 0, role: "group", "aria-label": "Sections and hatches" }, schematic(search)),
    el("div", { class: "panels" },
      el("section", { class: "panel" }, el("h2", {}, "Probabilities"), el("table", {}, el("tbody", {}, rows,
        Object.entries(search.other_probabilities).map(([name, share]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, percent(share)), el("td"), el("td")))))),
      el("section", { class: "panel" }, el("h2", {}, "Steps"), el("ul", { class: "steps" }, search.steps.slice(-40).toReversed().map(step)))),
  ];
}

export function isolationPage(root) {
  const body = el("div");
  root.append(el("h1", {}, "Isolation"), body);
  const show = async () => {
    try {
      const { search } = await ask("isolation");
      put(body, search ? page(search) : el("p", { class: "notice" },
        "No search has been made beside this database. In a terminal: hullwatch isolate LAYOUT.toml --db FILE"));
    } catch (error) {
      put(body, el("p", { class: "problem", role: "alert" }, error.line ?? String(error)));
    }
  };
  const timer = setInterval(show, EVERY_MS);
  show();
  return { close() { clearInterval(timer); } };
}

// What stands behind the figures: verdicts, events, calibrations, the link. Marks have a file of their own.

import { ask, nodePath, reportOf } from "/api.js";
import { el } from "/dom.js";
import { day, moment, reference, withUncertainty, words } from "/format.js";
import { badge } from "/overview.js";
import { nothing, Panel, table } from "/panel.js";

const SEVERITY = { info: "quiet", warning: "warn", alarm: "bad" };
const VERDICT = { PASS: "good", FAIL: "bad", GROSS: "bad", RETEST: "warn", INVALID: "warn" };
const STANDING = { "in force": "good", expired: "bad", missing: "quiet" };

export function verdictPanel(node) {
  return new Panel("Verdicts", () => ask(nodePath(node, "tests"), { last: 20 }), ({ tests, t_ref_k }) => {
    if (!tests.length) return nothing("No part has been tested.");
    return table(["part", "verdict", `rate ± guard band, Pa·m³/s ${reference(t_ref_k)}`, "when, UTC", "reasons", "report"], tests.map((t) => [
      t.attempt > 1 ? `${t.part} (try ${t.attempt})` : t.part, badge(t.verdict, VERDICT[t.verdict]),
      t.leak_rate_pa_m3_s === null ? "–" : withUncertainty(t.leak_rate_pa_m3_s, t.guard_pa_m3_s),
      moment(t.utc_us), t.reasons.map(words).join(", "),
      ["html", "pdf"].map((form) => el("a", { href: reportOf(node, { record: t.number[1], format: form }), download: true, class: "download" }, form)),
    ]));
  }, (state) => state.newest.test);
}

export function eventPanel(node) {
  return new Panel("Events", () => ask(nodePath(node, "events"), { last: 50 }), ({ events }) => {
    if (!events.length) return nothing("Nothing has happened.");
    return table(["when, UTC", "event", "what"], events.map((e) => [
      moment(e.utc_us ?? e.received_utc_us), badge(words(e.event), SEVERITY[e.severity]), e.text ? `${e.meaning}: ${e.text}` : e.meaning,
    ]));
  }, (state) => state.newest.event);
}

export function calibrationPanel(node) {
  return new Panel("Calibrations", () => ask(nodePath(node, "calibrations")), ({ standings }) =>
    table(["kind", "state", "value ± 2 u", "until"], standings.map(({ kind, state, calibration }) => [
      kind, badge(state, STANDING[state]),
      calibration ? `${withUncertainty(calibration.value, 2 * calibration.u)} ${calibration.unit}` : "–",
      day(calibration?.valid_until_utc_us),
    ])), (state) => [state.newest.calibrations, Math.floor(state.heard_utc_us / 6e8)]);
}

function count(name, value, bad) {
  return el("div", {}, el("dt", {}, name), el("dd", { class: bad ? "bad-text" : null }, value.toLocaleString("en")));
}

export function linkPanel(node) {
  const show = (link) => {
    const [boot] = link.newest_boots;
    const gaps = link.gaps.slice(-8).toReversed().map((g) => [
      g.stream === "raw" ? `samples of boot ${g.boot}` : "records", `${g.first} – ${g.past - 1}`, g.reason || "not stated, may still come",
    ]);
    return [
      el("dl", { class: "facts" },
        count("Samples", link.samples), count("Records", link.records), count("Boots", link.boots),
        count("Damaged frames", link.crc_errors + link.malformed, link.crc_errors + link.malformed > 0),
        count("Sent twice, kept once", link.duplicates), count("Conflicts", link.conflicts, link.conflicts > 0),
        count("Gaps", link.gaps_in_all, link.gaps_in_all > 0)),
      boot ? el("p", { class: "muted small" }, `boot ${boot.boot}, ${boot.reset_cause ?? "cause unknown"}; firmware ${boot.firmware ?? "?"}, core hash ${(boot.core_hash ?? "?").slice(0, 12)}…`) : null,
      gaps.length ? table(["missing", "numbers", "why"], gaps) : null,
    ];
  };
  return new Panel("Link", () => ask(nodePath(node, "link")), show, (state) => Math.floor(state.heard_utc_us / 3e7));
}


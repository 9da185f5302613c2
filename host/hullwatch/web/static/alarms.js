// Alarms above everything else: what, since when, and who has seen it.

import { order, person, token } from "/api.js";
import { el, put } from "/dom.js";
import { moment } from "/format.js";
import { known, listen } from "/state.js";

export function mountAlarms(box) {
  const problem = el("p", { class: "problem", role: "alert" });

  async function acknowledge(alarm) {
    problem.textContent = "";
    try {
      await order(`alarms/${encodeURIComponent(alarm.key)}/acknowledge`, { by: person() });
    } catch (error) {
      problem.textContent = error.line;
    }
  }

  function row(alarm) {
    const seen = alarm.acknowledged_by;
    const button = el("button", {
      type: "button", disabled: !token() || Boolean(seen), onclick: () => acknowledge(alarm),
      title: token() ? null : "Unlock orders first",
    }, "Acknowledge");
    const about = `since ${moment(alarm.since_utc_us)}${alarm.over ? ", over" : ""}${seen ? `, seen by ${seen}` : ""}`;
    return el("div", { class: `alarm ${alarm.severity}` },
      el("strong", {}, alarm.rule), el("span", {}, alarm.text), el("span", { class: "muted" }, about),
      seen ? null : button);
  }

  function show() {
    box.hidden = known.alarms.length === 0;
    if (!box.hidden) put(box, known.alarms.map(row), problem);
    else box.replaceChildren();
  }

  let drawn = "";
  listen((kind) => {
    const text = JSON.stringify(known.alarms);
    if (kind === "alarms" && text !== drawn) { drawn = text; show(); }
  });
  document.addEventListener("token", show);
}

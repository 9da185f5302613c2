// Marks: what people say happened. Listed, hatched in the plots, and entered for this moment.

import { ask, nodePath, order, person, token } from "/api.js";
import { el, text } from "/dom.js";
import { moment, reference, withUncertainty } from "/format.js";
import { badge } from "/overview.js";
import { nothing, Panel, table } from "/panel.js";

const KINDS = ["note", "docking", "fill", "open", "repair"];

function row(m) {
  const when = m.to_utc_us === m.from_utc_us ? moment(m.from_utc_us, false)
    : `${moment(m.from_utc_us, false)} – ${moment(m.to_utc_us, false)}`;
  const what = m.rate_pa_m3_s === null ? m.text
    : `${m.text}: ${withUncertainty(m.rate_pa_m3_s, m.u_pa_m3_s)} Pa·m³/s (k = 1) ${reference(m.t_ref_k)}`;
  return [when, badge(m.kind, m.masks ? "warn" : "quiet"), what, m.entered_by];
}

// drawn(marks) gets them as the plots want them.
export function markPanel(node, drawn) {
  const panel = new Panel("Marks", () => ask(nodePath(node, "marks")), ({ marks }) => {
    drawn(marks.map((m) => ({
      from: m.from_utc_us / 1e6, to: m.to_utc_us / 1e6, masks: m.masks, tint: m.voids ? "void" : "mark",
    })));
    if (!marks.length) return nothing("Nobody has entered a mark.");
    return table(["when, UTC", "kind", "what", "by"], marks.toReversed().map(row));
  }, (state) => state.newest.mark);

  const kind = el("select", { "aria-label": "Kind of mark" }, KINDS.map((name) => el("option", {}, name)));
  const words = el("input", { "aria-label": "What happened", placeholder: "What happened, now", maxlength: 500, required: true });
  const problem = el("p", { class: "problem", role: "alert" });
  const form = el("form", { class: "mark-form", async onsubmit(event) {
    event.preventDefault();
    text(problem, "");
    try {
      await order(nodePath(node, "marks"), { kind: kind.value, text: words.value, by: person() });
      words.value = "";
    } catch (error) {
      text(problem, error.line);
    }
  } }, kind, words, el("button", { type: "submit" }, "Enter"));
  const unlocked = () => { form.hidden = !token(); };
  document.addEventListener("token", unlocked);
  unlocked();
  panel.element.append(form, problem);
  panel.close = () => document.removeEventListener("token", unlocked);
  return panel;
}

// Likelihood and consequence of the leak, as hullwatch vigil rates them.

import { ask, nodePath } from "/api.js";
import { el } from "/dom.js";
import { nothing, Panel } from "/panel.js";

export function riskPanel(node) {
  return new Panel("Risk", () => ask(nodePath(node, "risk")), (risk) => {
    if (!risk.likelihood) return nothing(risk.reason);
    return el("p", {}, `${risk.likelihood} × ${risk.consequence}`);
  }, (state) => Math.floor(state.heard_utc_us / 6e7));
}

// The search for the section that leaks.

import { ask } from "/api.js";
import { el, put } from "/dom.js";

export function isolationPage(root) {
  const body = el("div");
  root.append(el("h1", {}, "Isolation"), body);
  const show = async () => {
    try {
      const { search, reason } = await ask("isolation");
      put(body, el("p", { class: "muted" }, search ? "" : `${reason}: hullwatch isolate --journal FILE, hullwatch serve --journal FILE`));
    } catch (error) {
      put(body, el("p", { class: "problem" }, error.line));
    }
  };
  const timer = setInterval(show, 2000);
  show();
  return { close() { clearInterval(timer); } };
}

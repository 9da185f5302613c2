// The leak test that runs on a node: phase, countdown, start and abort.

import { ask, nodePath, order, token } from "/api.js";
import { el, put, text } from "/dom.js";
import { pressure, withUncertainty, words } from "/format.js";
import { badge } from "/overview.js";
import { known, listen } from "/state.js";

const PHASES = ["fill", "evacuate", "stabilise", "measure", "vent"];

class TestPanel {
  constructor(node) {
    this.node = node;
    this.state = el("div", { class: "test-state" });
    this.left = el("p", { class: "countdown", role: "timer" });
    this.recipe = el("select", { id: "recipe", required: true });
    this.part = el("input", { id: "part", maxlength: 32, required: true, autocomplete: "off", spellcheck: "false" });
    this.start = el("button", { type: "submit", class: "primary" }, "Start test");
    this.form = el("form", { onsubmit: (event) => this.begin(event) },
      el("label", {}, "Recipe ", this.recipe), el("label", {}, "Part ", this.part), this.start);
    this.abortButton = el("button", { type: "button", class: "danger", onclick: () => this.abort() }, "Abort test");
    this.locked = el("p", { class: "muted small" });
    this.problem = el("p", { class: "problem", role: "alert" });
    this.element = el("section", { class: "panel test", "aria-label": "Leak test" },
      el("h2", {}, "Leak test"), this.state, this.left, this.form, this.abortButton, this.locked, this.problem);
    this.stop = listen((kind) => { if (kind === "owners") this.update(); });
    this.tick = setInterval(() => this.count(), 250);
    this.unlocked = () => this.update();
    document.addEventListener("token", this.unlocked);
    this.recipes();
    this.update();
  }

  async recipes() {
    try {
      const { recipes } = await ask("recipes");
      this.recipe.replaceChildren(...recipes.map((r) => el("option", { value: r.recipe, disabled: Boolean(r.error) },
        r.error ? `${r.recipe}: ${r.error}` : r.recipe)));
      this.any = recipes.some((r) => !r.error);
    } catch (error) {
      text(this.problem, error.line);
    }
    this.update();
  }

  update() {
    const owner = known.owners[this.node];
    const test = owner?.test ?? null;
    if (JSON.stringify(test) !== JSON.stringify(this.test)) this.heard = performance.now();
    this.test = test;
    const running = Boolean(test?.running);
    const fault = test?.phase === "fault";
    put(this.state, this.told(owner, test));
    const free = Boolean(test) && !running && !fault;
    this.form.hidden = !free || !this.any;
    this.abortButton.hidden = !running && !fault;
    text(this.abortButton, fault ? "Acknowledge fault" : "Abort test");
    for (const control of [this.start, this.abortButton]) control.disabled = !token();
    const why = !free && !running && !fault ? "" : !token() ? "Unlock orders to start or abort." :
      free && !this.any ? "This server was given no --recipes." : "";
    text(this.locked, why);
    this.count();
  }

  told(owner, test) {
    if (!owner) return el("p", { class: "muted" }, "Nobody logs this node now: what is stored can be seen, nothing ordered.");
    if (!owner.connected) return el("p", { class: "muted" }, `${owner.program} waits for the node on ${owner.port}.`);
    if (!test) return el("p", { class: "muted" }, `${owner.program}, ${owner.port}. The node says nothing about tests.`);
    if (!test.running && !test.verdict) return el("p", { class: "muted" }, "No test is running.");
    const steps = PHASES.filter((phase) => phase !== "evacuate" || test.phase === "evacuate")
      .filter((phase) => phase !== "fill" || test.phase !== "evacuate");
    return [
      test.running ? el("ol", { class: "phases" }, steps.map((phase) =>
        el("li", { "aria-current": phase === test.phase ? "step" : null }, phase))) : null,
      el("p", {}, `Test ${test.number}`, test.running ? `, ${pressure(test.pressure_pa)}` : "", " ",
        test.verdict ? badge(test.verdict, test.verdict === "PASS" ? "good" : "bad") : null,
        test.guard_pa_m3_s === null ? "" : ` ${withUncertainty(test.rate_pa_m3_s, test.guard_pa_m3_s)} Pa·m³/s`),
      test.reasons.length ? el("p", { class: "muted small" }, test.reasons.map(words).join(", ")) : null,
      test.phase === "fault" ? el("p", { class: "problem" }, "A fault made the outputs safe; the events say which.") : null,
    ];
  }

  // Between two answers of the node the countdown goes on by itself.
  count() {
    if (!this.test?.running) { text(this.left, ""); return; }
    const since = (performance.now() - this.heard) / 1000;
    const left = Math.max(0, this.test.planned_s - this.test.elapsed_s - since);
    text(this.left, `${words(this.test.phase)} – at most ${Math.ceil(left)} s more`);
  }

  async begin(event) {
    event.preventDefault();
    await this.ordered("test", { recipe: this.recipe.value, part: this.part.value });
  }

  async abort() {
    await this.ordered("test/abort", {});
  }

  async ordered(path, values) {
    text(this.problem, "");
    try {
      await order(nodePath(this.node, path), values);
    } catch (error) {
      text(this.problem, error.line);
    }
  }

  close() {
    this.stop();
    clearInterval(this.tick);
    document.removeEventListener("token", this.unlocked);
  }
}

export function testPanel(node) {
  return new TestPanel(node);
}

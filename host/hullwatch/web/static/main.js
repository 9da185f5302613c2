// Routes, header, dialogs, keys.

import { forget, order, person, remember, token } from "/api.js";
import { el, put, text } from "/dom.js";
import { mountAlarms } from "/alarms.js";
import { chamberPage } from "/chamber.js";
import { isolationPage } from "/isolation.js";
import { overviewPage } from "/overview.js";
import { known, listen, tell, title } from "/state.js";
import { Stream } from "/stream.js";

const content = document.getElementById("content");
let page = null;
let shown = null;

function route() {
  const [, name = "", id = ""] = location.hash.split("/");
  const key = `${name}/${id}`;
  if (key === shown) return;
  page?.close();
  shown = key;
  content.replaceChildren();
  const node = decodeURIComponent(id);
  if (name === "chamber") page = chamberPage(content, node);
  else if (name === "isolation") page = isolationPage(content);
  else page = overviewPage(content);
  navigation();
  window.scrollTo(0, 0);
}

function navigation() {
  const at = location.hash || "#/";
  const link = (href, label) => el("a", { href, "aria-current": at === href ? "page" : null }, label);
  const chambers = [...known.nodes.values()].map((n) => link(`#/chamber/${encodeURIComponent(n.node)}`, title(n)));
  put(document.getElementById("nav"), link("#/", "Overview"), chambers, link("#/isolation", "Isolation"));
  const node = [...known.nodes.values()].find((n) => shown === `chamber/${encodeURIComponent(n.node)}`);
  document.title = node ? `${title(node)} – Hullwatch` : "Hullwatch";
}

function lineState(word, detail) {
  const pill = document.getElementById("link-state");
  pill.className = `pill ${word === "live" ? "good" : "bad"}`;
  text(pill, word === "live" ? "live" : detail);
  document.body.classList.toggle("stale", word !== "live");
}

function trouble(data) {
  const box = document.getElementById("trouble");
  box.hidden = !data;
  text(box, data ? `The database cannot be read: ${data.error}${data.hint ? ` (${data.hint})` : ""}` : "");
}

function dialogs() {
  const dialog = document.getElementById("token-dialog");
  const input = document.getElementById("token-input");
  const name = document.getElementById("name-input");
  const button = document.getElementById("token-button");
  const show = () => text(button, token() ? "Lock orders" : "Unlock orders");
  button.addEventListener("click", () => {
    if (token()) { forget(); return; }
    input.value = "";
    name.value = person();
    text(document.getElementById("token-problem"), "");
    dialog.showModal();
  });
  document.getElementById("token-cancel").addEventListener("click", () => dialog.close());
  document.getElementById("token-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    remember(input.value.trim(), name.value.trim());
    try {
      await order("token");
      dialog.close();
    } catch (error) {
      forget();
      text(document.getElementById("token-problem"), error.status === 401 ? "That is not the token." : error.line);
    }
  });
  document.addEventListener("token", show);
  show();
  const help = document.getElementById("help-dialog");
  document.getElementById("help-button").addEventListener("click", () => help.showModal());
  document.getElementById("help-close").addEventListener("click", () => help.close());
}

function keys(event) {
  const writing = event.target.closest("input, select, textarea, dialog");
  if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "o") location.hash = "#/";
  else if (event.key === "?") document.getElementById("help-dialog").showModal();
  else if (/^[1-9]$/.test(event.key)) {
    const node = [...known.nodes.keys()][Number(event.key) - 1];
    if (node) location.hash = `#/chamber/${encodeURIComponent(node)}`;
  } else if (page?.key?.(event.key)) event.preventDefault();
}

dialogs();
mountAlarms(document.getElementById("alarms"));
window.addEventListener("hashchange", () => { route(); content.focus({ preventScroll: true }); });
document.addEventListener("keydown", keys);
listen((kind, data) => {
  if (kind === "trouble") trouble(data);
  if (kind.startsWith("node ") || kind === "complete") navigation();
});
new Stream(tell, lineState);
route();

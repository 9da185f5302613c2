// Sections as boxes, filled by their probability, and the hatches between them.

import { svg } from "/dom.js";
import { percent } from "/format.js";

const [WIDTH, ROW, BOX_W, BOX_H] = [900, 92, 170, 58];

// Columns by distance from the section with most hatches, rows in the order met.
export function placed(sections, hatches) {
  const next = new Map(sections.map((s) => [s.name, []]));
  for (const { between: [a, b] } of hatches) { next.get(a)?.push(b); next.get(b)?.push(a); }
  const columns = [];
  const seen = new Set();
  const starts = sections.map((s) => s.name).sort((a, b) => next.get(b).length - next.get(a).length);
  for (const start of starts) {
    let level = seen.has(start) ? [] : [start];
    level.forEach((name) => seen.add(name));
    for (let column = 0; level.length; column += 1) {
      (columns[column] ??= []).push(...level);
      const beyond = [];
      for (const name of level) {
        for (const other of next.get(name)) if (!seen.has(other)) { seen.add(other); beyond.push(other); }
      }
      level = beyond;
    }
  }
  const tallest = Math.max(...columns.map((c) => c.length));
  const at = new Map();
  columns.forEach((column, c) => column.forEach((name, r) => at.set(name, {
    x: BOX_W / 2 + 12 + c * (columns.length > 1 ? (WIDTH - BOX_W - 24) / (columns.length - 1) : 0),
    y: ((r + 0.5) / column.length) * tallest * ROW,
  })));
  return { at, height: tallest * ROW };
}

export function schematic({ sections, hatches }) {
  const { at, height } = placed(sections, hatches);
  const told = sections.map((s) => `${s.name} ${percent(s.probability)}`).join(", ");
  const shut = hatches.filter((h) => h.open === false).map((h) => h.name).join(", ");
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, class: "schematic", role: "img",
    "aria-label": `Where the leak is: ${told}; closed hatches: ${shut || "none"}` },
  hatches.map((h) => hatch(h, at)), sections.map((s) => section(s, at.get(s.name))));
}

function section(s, { x, y }) {
  const share = Math.max(0, Math.min(1, s.probability));
  return svg("g", {},
    svg("rect", { x: x - BOX_W / 2, y: y - BOX_H / 2, width: BOX_W, height: BOX_H, rx: 10, class: "section" }),
    svg("rect", { x: x - BOX_W / 2, y: y - BOX_H / 2, width: BOX_W, height: BOX_H, rx: 10, class: "chance", "fill-opacity": (0.65 * share).toFixed(3) }),
    svg("text", { x, y: y - 5, class: "name" }, s.name),
    svg("text", { x, y: y + 17, class: "share" }, `${percent(share)}${s.node ? "" : " · no node"}`));
}

function hatch(h, at) {
  const [a, b] = h.between.map((name) => at.get(name));
  const state = h.open === false ? "closed" : h.open === null ? "opening" : "open";
  const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
  return svg("g", { class: `hatch ${state}` },
    svg("line", { x1: a.x, y1: a.y, x2: b.x, y2: b.y }),
    h.open === false ? svg("rect", { x: x - 5, y: y - 16, width: 10, height: 32, rx: 3 }) : null,
    svg("text", { x, y: y - 22 }, `${h.name}${state === "open" ? "" : ` ${state}`}${h.trusted ? "" : " · leaks?"}`));
}

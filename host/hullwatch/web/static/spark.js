// A small plot of the newest windows: their line within their band, zero where it is in sight.

import { svg } from "/dom.js";

const [WIDTH, HEIGHT, EDGE] = [320, 56, 3];

export function sparkline(got) {
  const points = got.leak_rate_pa_m3_s.map((value, k) => [got.utc_us[k], value, got.u95_pa_m3_s[k]]);
  const known = points.filter(([, value]) => value !== null);
  const root = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
    "aria-label": `leak rate of the newest ${known.length} windows` });
  if (known.length < 2) return root;
  const values = known.flatMap(([, value, half]) => [value - (half || 0), value + (half || 0)]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [start, end] = [known[0][0], known.at(-1)[0]];
  const x = (t) => (EDGE + (WIDTH - 2 * EDGE) * (t - start) / (end - start || 1)).toFixed(1);
  const y = (v) => (EDGE + (HEIGHT - 2 * EDGE) * (high - v) / (high - low || 1)).toFixed(1);
  if (low < 0 && high > 0) root.append(svg("line", { x1: 0, x2: WIDTH, y1: y(0), y2: y(0), class: "zero" }));
  for (const run of runs(points)) {
    const upper = run.map(([t, v, h]) => `${x(t)},${y(v + (h || 0))}`);
    const lower = run.map(([t, v, h]) => `${x(t)},${y(v - (h || 0))}`).reverse();
    root.append(svg("polygon", { points: [...upper, ...lower].join(" "), class: "band" }));
    root.append(svg("polyline", { points: run.map(([t, v]) => `${x(t)},${y(v)}`).join(" "), class: "line" }));
  }
  return root;
}

// Pieces without a gap inside.
export function runs(points) {
  const found = [[]];
  for (const point of points) {
    if (point[1] === null) found.push([]);
    else found.at(-1).push(point);
  }
  return found.filter((run) => run.length);
}

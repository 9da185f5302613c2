// Marks behind a plot: hatched where windows are masked, a line for a moment.

import { colour } from "/dom.js";

const PITCH = 9;
const NARROW = 3;

export function paintMarks(u, marks) {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  for (const mark of marks) {
    const from = u.valToPos(mark.from, "x", true);
    const to = u.valToPos(mark.to, "x", true);
    if (to < left || from > left + width) continue;
    ctx.strokeStyle = colour(mark.tint);
    ctx.fillStyle = colour(`${mark.tint}-soft`);
    if (to - from > NARROW && mark.masks) hatch(ctx, Math.max(from, left), Math.min(to, left + width), top, height);
    ctx.lineWidth = devicePixelRatio * (mark.masks ? 1.5 : 1);
    ctx.setLineDash(mark.masks ? [] : [4 * devicePixelRatio, 4 * devicePixelRatio]);
    line(ctx, from, top, from, top + height);
    if (to - from > NARROW) line(ctx, to, top, to, top + height);
  }
  ctx.restore();
}

function hatch(ctx, from, to, top, height) {
  ctx.fillRect(from, top, to - from, height);
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, top, to - from, height);
  ctx.clip();
  ctx.lineWidth = devicePixelRatio * 0.7;
  ctx.globalAlpha = 0.5;
  ctx.setLineDash([]);
  for (let x = from - height; x < to; x += PITCH * devicePixelRatio) line(ctx, x, top + height, x + height, top);
  ctx.restore();
}

function line(ctx, x0, y0, x1, y1) {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

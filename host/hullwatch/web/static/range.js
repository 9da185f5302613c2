// The span of time that the plots show: fixed, or following the newest sample.

const SHORTEST_S = 1;
const ROOM = 0.02;

export class Range {
  // extent(): [first, last] known time in s; changed(): the plots are to be drawn anew.
  constructor(extent, changed) {
    this.extent = extent;
    this.changed = changed;
    this.live = true;
    this.span = 600;
    this.end = 0;
  }

  get to() {
    return this.live ? this.extent()[1] + this.span * ROOM : this.end;
  }

  get from() {
    return this.to - this.span;
  }

  set(from, to) {
    this.live = false;
    this.span = Math.max(SHORTEST_S, to - from);
    this.end = to;
    this.changed();
  }

  follow(span = this.span) {
    this.live = true;
    this.span = span;
    this.changed();
  }

  all() {
    const [first, last] = this.extent();
    const span = Math.max(SHORTEST_S, last - first);
    this.set(first - span * ROOM, last + span * ROOM);
  }

  // Keeps `at` (s) where it is on the screen; the middle, or the live edge, without one.
  zoom(factor, at) {
    const span = Math.max(SHORTEST_S, this.span * factor);
    if (this.live && at === undefined) { this.follow(span); return; }
    const still = at ?? (this.from + this.to) / 2;
    const share = (still - this.from) / this.span;
    this.set(still - span * share, still + span * (1 - share));
  }

  // By a share of what is shown; back at the newest sample it follows again.
  move(share) {
    const to = this.to + this.span * share;
    if (share > 0 && to >= this.extent()[1]) this.follow();
    else this.set(to - this.span, to);
  }
}

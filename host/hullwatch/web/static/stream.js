// The stream of changes, for ever: it comes back by itself and says plainly while it is away.

const SILENT_MS = 25000;
const LONGEST_PAUSE_MS = 10000;
const HIDDEN_MS = 60000;

export class Stream {
  // tell(kind, data, now_us) for every change; state(word, detail) for the line itself.
  constructor(tell, state) {
    this.tell = tell;
    this.state = state;
    this.lastId = "";
    this.pauseMs = 1000;
    this.source = null;
    this.timer = null;
    this.open();
    window.addEventListener("online", () => this.again(0));
    document.addEventListener("visibilitychange", () => this.seen());
  }

  // A browser has six connections to one server: pages that nobody sees give theirs back.
  seen() {
    clearTimeout(this.unseen);
    if (!document.hidden) {
      if (!this.alive) this.again(0);
    } else {
      this.unseen = setTimeout(() => this.rest(), HIDDEN_MS);
    }
  }

  rest() {
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.source.close();
    this.alive = false;
    this.state("lost", "paused while hidden");
  }

  open() {
    this.source?.close();
    this.alive = false;
    const query = this.lastId ? `?last_id=${encodeURIComponent(this.lastId)}` : "";
    this.source = new EventSource(`/api/v1/changes${query}`);
    this.source.onmessage = (event) => this.received(event);
    this.source.onerror = () => this.lost();
    this.watch();
  }

  received(event) {
    this.watch();
    if (event.lastEventId) this.lastId = event.lastEventId;
    if (!this.alive) {
      this.alive = true;
      this.lostAt = null;
      this.pauseMs = 1000;
      this.state("live", "");
    }
    const message = JSON.parse(event.data);
    if (message.kind === "all") {
      for (const [kind, data] of Object.entries(message.data)) this.tell(kind, data, message.now_utc_us);
      this.tell("complete", Object.keys(message.data), message.now_utc_us);
    } else {
      this.tell(message.kind, message.data, message.now_utc_us);
    }
  }

  // Neither end says so when a cable is pulled: silence does.
  watch() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lost(), SILENT_MS);
  }

  lost() {
    this.source.close();
    this.alive = false;
    this.lostAt ??= new Date();
    const at = this.lostAt.toTimeString().slice(0, 8);
    this.state("lost", `connection lost at ${at}, trying again`);
    this.explain();
    this.again(this.pauseMs);
    this.pauseMs = Math.min(LONGEST_PAUSE_MS, this.pauseMs * 1.6);
  }

  // A stream that is refused says why only to a plain question.
  async explain() {
    try {
      const response = await fetch("/api/v1/places");
      const { free } = await response.json();
      if (response.ok && !free && !this.alive) this.state("lost", "too many pages are open on this server: close one");
    } catch { /* the server is away: that is said already */ }
  }

  again(afterMs) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.open(), afterMs);
  }
}

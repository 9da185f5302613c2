"""The logging loop of one node: a dialogue whose records are committed and then acknowledged."""

from __future__ import annotations

from collections.abc import Callable

from hullwatch.errors import Refused
from hullwatch.ingest.collect import Collector, Committed
from hullwatch.ingest.dialogue import Clock, Dialogue, ignore
from hullwatch.ingest.holes import HoleWatch
from hullwatch.ingest.identity import check_boot
from hullwatch.link import messages as m
from hullwatch.link.events import Event, Hello, Raw, Record, Reply, Status
from hullwatch.link.session import Durable
from hullwatch.store.writer import Store
from hullwatch.transport.port import Port

COMMIT_S = 0.25
PING_EVERY_S = 2.0
_SAME_CLOCK_S = 0.005
_OPEN_US = 60_000_000
_BLOCK_SAMPLES = 255  # RAW.count is a byte


class Logger(Dialogue):
    """Logs one node on one open port into one store.

    `commit_s` is the longest time a frame waits for its commit. `on_stored` is told each record
    that is new on disk, `note` what a person should know; `identify` may raise Impostor for a
    HELLO. `step` also raises StoreError, and Impostor for a node that goes back in time; what was
    received and not acked will be sent again.
    """

    def __init__(
        self, port: Port, store: Store, clock: Clock, session: int,
        on_event: Callable[[Event], None], commit_s: float = COMMIT_S, take_over: bool = False,
        on_stored: Callable[[Committed], None] | None = None,
        note: Callable[[str], None] = lambda _: None,
        identify: Callable[[Hello], None] = lambda _: None,
    ) -> None:  # fmt: skip
        super().__init__(port, clock, session, on_event)
        self._store = store
        self._commit_s = commit_s
        self._take_over = take_over
        self._identify = identify
        self._asked_ahead_s = 0.0
        self.collector = Collector(store, on_stored, note)
        self._committed_s = clock.now_s()
        self._ping_s = float("-inf")
        self._holes = HoleWatch()
        self._status: dict[str, int] | None = None
        self._durable: Durable | None = None

    def deal(self, event: Event) -> None:
        """Keep what has to be committed."""
        if isinstance(event, Record):
            self.collector.record(event.data)
        elif isinstance(event, Raw):
            self.collector.raw(event.payload)
        elif isinstance(event, Status):
            self._status = event.fields
            self.collector.status(event.fields)
        elif isinstance(event, Hello):
            self._claim(event)

    def work(self, now_s: float) -> None:
        """Commit and ack what is due, measure the clock."""
        if self.collector.pending and now_s - self._committed_s >= self._commit_s:
            self._commit(now_s)
        else:
            self._store.repack()  # never between a commit and its acknowledgement
        if now_s - self._ping_s >= PING_EVERY_S:
            self._ping_s = now_s
            self._asked_ahead_s = self._ahead_s()
            self.ask(m.PING, b"", self._pong)

    def drained(self) -> bool:
        """Whether the store has all that the node has finished, by its newest telemetry.

        Of raw samples those of the last minute may still be in the node's memory.
        """
        status, durable, hello = self._status, self._durable, self.session.hello
        if status is None or durable is None or hello is None:
            return False
        open_samples = _OPEN_US // hello.number("period_us") + _BLOCK_SAMPLES
        return (
            durable.record_next >= status["next_record"]
            and status["raw_boot"] == durable.boot
            and status["next_sample"] - durable.raw_next <= open_samples
        )

    def finish(self) -> None:
        """Commit and ack what was received; the node stops sending by itself."""
        if self.session.hello is not None:
            self._commit(self._clock.now_s())
            self._port.write(self.session.take_output())

    def _claim(self, hello: Hello) -> None:
        # what is pending belongs to the session before; its acks went with that one
        self.collector.commit(self._utc_us())
        self._identify(hello)
        check_boot(hello, self._store)
        self.collector.hello(hello, self.session, self._utc_us())
        owner = hello.number("store")
        if owner in (0, self._store.store_id):
            return
        if not self._take_over:
            raise Refused(
                f"another database (store {owner:x}) keeps the records of this node",
                "log into that database, or add --take-over to make this one the keeper",
            )
        self.ask(m.TAKE_OVER, m.TAKE_OVER.struct.pack(self._store.store_id), ignore)

    def _commit(self, now_s: float) -> None:
        received = self.collector.totals
        durable = self.collector.commit(self._utc_us())
        self._committed_s = now_s
        if durable is None:
            return
        self._durable = durable
        if self._holes.stand(durable, received, self.collector.totals, now_s):
            self.session.ask_resend()
        self.session.acknowledge(durable, now_s)

    def _pong(self, reply: Reply | None) -> None:
        """Take a round trip, unless this computer's clock was set or stood still during it."""
        whole = abs(self._ahead_s() - self._asked_ahead_s) < _SAME_CLOCK_S
        if reply is not None and not reply.repeated and not reply.status and whole:
            self.collector.pong(reply.data, self._clock.utc_s() - reply.rtt_s, reply.rtt_s)

    def _ahead_s(self) -> float:
        """UTC less monotonic time: changes when the clock is set, and when the computer sleeps."""
        return self._clock.utc_s() - self._clock.now_s()

    def _utc_us(self) -> int:
        return round(self._clock.utc_s() * 1e6)

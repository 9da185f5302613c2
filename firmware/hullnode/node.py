"""The node: every part wired together, polled, never blocking longer than a driver's start.

`board` is the only way to the hardware (firmware/README.md lists what a board offers). `poll`
does all that is due and returns the µs until it is worth calling again.
"""

import struct

from hullcore import VERSION, ticks
from hullcore.compat import const
from hullcore.measurement import Measurement
from hullcore.messages import (
    EVENT_BOOT,
    EVENT_CONFIG_BAD,
    EVENT_SENSOR_FAULT,
    EVENT_TAKE_OVER,
    HELLO,
    HELLO_FORMAT,
    PROTOCOL_VERSION,
    STATUS_FORMAT,
)
from hullcore.records import RecordStamp, config_record
from hullnode import identity, rawring
from hullnode.clock import DeviceClock
from hullnode.collector import Collector
from hullnode.commands import Commands
from hullnode.config import Config
from hullnode.drivers import catalogue
from hullnode.drivers.errors import SensorError
from hullnode.link import Link
from hullnode.owner import Owner
from hullnode.pipeline import Pipeline
from hullnode.ramspool import RamSpool
from hullnode.sampler import Sampler

_RECORDS = const(32)  # four and a half minutes of the default windows
_BOUNDS = (
    "temp_lag_ms", "temp_gradient_uk", "settling_ms", "u_volume_ppm", "u_gain_ppm",
    "tempco_mpa_k", "drift_mpa_day",
)  # fmt: skip
_LINK_NEEDS_US = const(2500)  # longest the wire takes of one poll, measured on the chip
_LINK_WAITS_US = const(-50000)  # then it takes it, whatever is due
_LEAVE_MS = const(3000)  # longest wait for the answer to a restart to be heard
_MEASURING = const(0)
_FAULT = const(1)
_IDLE = const(2)


class Node:
    """Starts measuring on construction; `restart` turns True when it wants to be started anew."""

    def __init__(self, board, crashes: int) -> None:
        self._board = board
        root = board.root
        self.clock = DeviceClock(board.ticks_ms)
        self.config = Config(root)
        boot = identity.count_boot(root) or board.random32() | 0x80000000  # none could be stored
        self.stamp = RecordStamp(board.random32(), boot)
        self._core_hash = identity.core_hash(board.code_root)
        self.spool = RamSpool(_RECORDS)
        self.ring = rawring.RawRing(rawring.blocks_for(self.config.values["period_us"]))
        self.owner = Owner(root, self._taken_over)
        self._commands = Commands(self.config, self.clock, self.owner, board.ticks_us)
        self.link = Link(board.console, self.spool, self.ring, self)
        self._collector = Collector(board)
        self._link_us = board.link_us
        self._link_due = board.ticks_us()
        self._loop_us = 0
        self.restart = False
        self._leave_ms = -1
        self.sampler: "Sampler | None" = None
        self._start_measuring(crashes)

    # --- start -------------------------------------------------------------------------------

    def _start_measuring(self, crashes: int) -> None:
        values = self.config.values
        driver = _no_sensor()
        code = detail = 0
        sensor = values["sensor"]
        if sensor != "none":
            try:
                driver = self._driver(values, sensor)
            except SensorError as error:  # a setting that no driver can serve
                code, detail = -error.code, error.detail
        lsb = driver.pressure_lsb_q8
        self._config_record = self.stamp.number
        measurement = Measurement(values, lsb, self._config_record)
        self.pipeline = Pipeline(
            measurement, values["windows_s"], driver, self.clock, self.spool, self.ring, self.stamp
        )
        self._snapshot(measurement, values, getattr(driver, "oversampling", 0))
        self.pipeline.event(EVENT_BOOT, self._board.reset_cause, crashes, self.clock.total_ms(), "")
        if self.config.damaged or self.config.fallback:
            self.pipeline.event(
                EVENT_CONFIG_BAD, self.config.damaged, int(self.config.fallback), 0, ""
            )
        if driver.SENSOR == "none":
            if code:
                self.pipeline.event(EVENT_SENSOR_FAULT, code, detail, 0, "")
            return
        self.sampler = Sampler(self._board.ticks_us, driver, values["period_us"], self.pipeline)
        self.sampler.begin()
        self.pipeline.begin()

    def _driver(self, values: dict, sensor: str):
        ratio = values["oversampling"] or catalogue.oversampling_for(sensor, values["period_us"])
        board = self._board
        i2c = board.i2c(values["i2c_sda"], values["i2c_scl"], values["i2c_khz"])
        driver = catalogue.load(sensor, i2c, values["address"], ratio, board.sleep_ms)
        driver.oversampling = ratio
        try:
            driver.start()  # some chips know their resolution only then, and the snapshot names it
        except (OSError, SensorError):
            pass  # the sampler tries again, and tells
        return driver

    def _snapshot(self, m, values: dict, oversampling: int) -> None:
        lengths = values["windows_s"]
        body = (
            self.config.generation, values["name"].encode(), values["sensor"].encode(),
            values["address"], oversampling, m.period_us, m.lsb_q8, m.pressure_kind,
            m.compensation, m.gas, m.volume_ul, m.t_ref_mk, values["p_out_pa"],
        ) + tuple([lengths[i] if i < len(lengths) else 0 for i in range(5)]) + tuple(
            [values[key] for key in _BOUNDS]
        )  # fmt: skip
        self.clock.poll()
        self.pipeline.append(config_record(self.stamp, self.clock.wraps, self.clock.ms, body))

    # --- running -----------------------------------------------------------------------------

    def poll(self) -> int:
        """Do all that is due; returns µs until the next call is worth it (0 … board.link_us)."""
        board = self._board
        sampler = self.sampler
        wait = sampler.poll() if sampler else self._link_us
        now = board.ticks_us()
        due = ticks.diff(self._link_due, now)
        if due <= 0 and sampler and wait < _LINK_NEEDS_US and due > _LINK_WAITS_US:
            due = wait  # the sample comes first
        elif due <= 0:
            self._link_due = ticks.add(now, self._link_us)
            clock = self.clock
            clock.poll()
            more = self.link.poll(clock.ms)
            if self._commands.restart:
                self._leave(clock.ms)
            due = self._link_us
            if more:
                self._link_due = now
                due = 0
        self._collector.poll(sampler)  # each time: a slot of 10 ms never meets the link's rhythm
        spent = ticks.diff(board.ticks_us(), now)
        if spent > self._loop_us:
            self._loop_us = spent
        wait = (wait if wait < due else due) - spent
        return wait if wait > 0 else 0

    def _leave(self, now_ms: int) -> None:
        """Restart once the answer was heard, or without that: the host may have hung up."""
        if self._leave_ms < 0:
            self._leave_ms = now_ms
        if not self.link.answering() or ticks.diff(now_ms, self._leave_ms) >= _LEAVE_MS:
            self.restart = True

    def wake(self) -> None:
        """Input has arrived: the next poll looks at the wire."""
        self._link_due = self._board.ticks_us()

    def healthy(self) -> bool:
        """Every due task ran, and the sensor delivers or is in a recorded fault."""
        return self.sampler is None or self.sampler.slack_us() > -self._overdue_us()

    def _overdue_us(self) -> int:
        return 2 * self.config.values["period_us"] + 1000000

    # --- what the link asks ------------------------------------------------------------------

    def command(self, message: int, payload: bytes) -> tuple:
        """(status, data) of one command."""
        return self._commands.run(message, payload)

    def may_ack(self, store: int) -> bool:
        """Whether this store's acks count."""
        return self.owner.accepts(store)

    def _taken_over(self, new: int, old: int) -> None:
        self.pipeline.event(EVENT_TAKE_OVER, new, old, 0, "")

    def hello(self) -> tuple:
        """(message id, payload) that answers WHO."""
        self.clock.poll()
        board = self._board
        major, minor, patch = [int(part) for part in VERSION.split(".")]
        return HELLO, struct.pack(
            HELLO_FORMAT, PROTOCOL_VERSION, major, minor, patch,
            board.reset_cause, 0, board.uid, self._core_hash, self.stamp.boot, self.stamp.epoch,
            self.spool.oldest, self.spool.next, self.ring.held_from(), self.owner.store,
            self._config_record,
            self.config.values["period_us"], self.clock.wraps, self.clock.ms, board.name.encode(),
        )  # fmt: skip

    def status(self, number: int) -> bytes:
        """Payload of one STATUS frame."""
        sampler = self.sampler
        pipeline = self.pipeline
        state = _IDLE if sampler is None else _MEASURING if sampler.healthy else _FAULT
        late, missed, bad = (
            (sampler.late_count, sampler.missed_count, sampler.bus_errors) if sampler else (0, 0, 0)
        )
        loop_us = self._loop_us
        self._loop_us = 0
        return struct.pack(
            STATUS_FORMAT, number, self.clock.wraps, self.clock.ms, pipeline.next_number(),
            pipeline.p_q8, pipeline.t_q16, state, late, missed, bad,
            self.link.rx_bad + self.link.decoder.dropped, self.spool.oldest, self.spool.next,
            self.ring.held_from(), self.spool.dropped, self.ring.dropped, self._collector.free,
            self._collector.longest_us, loop_us,
        )  # fmt: skip


def _no_sensor():
    return _NoSensor


class _NoSensor:
    """Stands where a driver would, for a node that measures nothing."""

    SENSOR = "none"
    pressure_lsb_q8 = 1
    pressure_shift = 0
    temperature_shift = 0

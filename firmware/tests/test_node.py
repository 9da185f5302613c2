"""The whole node on a fake board, spoken to over the wire."""

import struct
from types import ModuleType, SimpleNamespace

import pytest

from hullcore import VERSION, settings
from hullcore.messages import (
    ACK,
    CONFIG_COMMIT,
    CONFIG_GET,
    CONFIG_STAGE,
    HELLO,
    PING,
    REBOOT,
    REPLY,
    STATUS,
    TAKE_OVER,
    WHO,
)
from hullnode import twocopies
from hullnode.configfile import text_of
from hullnode.drivers import catalogue
from hullnode.drivers.errors import WRONG_ID, SensorError
from hullnode.node import Node
from hullwatch.link import messages, recordkinds

SESSION = 7
ACKED = struct.Struct("<HBIIIQQ")


class Bench:
    """A node on its board, and a host that credits what it hears while `crediting`."""

    def __init__(self, fakes: ModuleType, wire: SimpleNamespace, root: str) -> None:
        self.wire = wire
        self.board = fakes.Board(root)
        self.node = Node(self.board, 0)
        self.crediting = True
        self.heard: list[tuple[int, bytes]] = []
        self.seq = 0

    def run(self, ms: int) -> None:
        time = self.board.time
        for _ in range(ms):
            if self.node.restart:
                return
            end = time.ticks_us() + 1000
            while time.ticks_us() < end:
                time.advance(max(1, min(self.node.poll(), end - time.ticks_us())))
            self._listen()

    def _listen(self) -> None:
        console = self.board.console
        for data in console.sent:
            message, session, seq, payload = self.wire.decode(data)
            self.heard.append((message, payload))
            if self.crediting and session:
                self.say(ACK, ACKED.pack(seq, 0, 0, 0, 0, 0, 0))
        console.sent.clear()

    def say(self, message: int, payload: bytes, seq: int = 0) -> None:
        self.board.console.feed(self.wire.encode(message, SESSION, seq, payload))
        self.node.wake()

    def open(self) -> dict[str, object]:
        """Begin a session; what HELLO says."""
        self.say(WHO, struct.pack("<HH", 1, SESSION))
        self.run(60)
        return next(messages.HELLO.unpack(p) for m, p in self.heard if m == HELLO)

    def command(self, message: int, payload: bytes = b"") -> tuple[int, bytes]:
        """Status and data of the answer."""
        self.seq += 1
        self.heard.clear()
        self.say(message, payload, self.seq)
        self.run(60)
        (answer,) = [p for m, p in self.heard if m == REPLY]
        command, seq, status = struct.unpack_from("<BHB", answer)
        assert (command, seq) == (message, self.seq)
        return status, answer[4:]

    def events(self, name: str) -> list[SimpleNamespace]:
        code = [row[0] for row in recordkinds.EVENTS].index(name) + 1
        spool = self.node.spool
        held = [spool.get(n) for n in range(spool.oldest, spool.next)]
        bodies = [recordkinds.EVENT.unpack(r) for r in held if r[12] == recordkinds.EVENT.id]
        return [SimpleNamespace(**body) for body in bodies if body["code"] == code]


@pytest.fixture
def bench(fakes, wire, tmp_path):
    return Bench(fakes, wire, str(tmp_path))


def test_hello_says_who_the_node_is(bench, tmp_path):
    hello = bench.open()
    assert (hello["protocol"], hello["boot"], hello["epoch"]) == (1, 1, 0x12345678)
    version = ".".join(str(hello[f"fw_{part}"]) for part in ("major", "minor", "patch"))
    assert version == VERSION
    assert (hello["uid"], hello["period_us"]) == (b"\1\2\3\4\5\6\7\x08", 100_000)
    assert hello["board"] == b"fake".ljust(12, b"\0")
    assert hello["next_record"] == bench.node.spool.next
    assert (hello["config"], hello["store"]) == (0, 0)


def test_status_counts_what_happened(bench):
    bench.open()
    bench.board.chip.nack = 1
    bench.run(2_500)
    last = [messages.STATUS.unpack(p) for m, p in bench.heard if m == STATUS][-1]
    assert (last["state"], last["missed"], last["bus_errors"], last["late"]) == (0, 1, 1, 0)
    assert last["p_q8"] // 256 == 101_325
    assert 15 <= last["next_sample"] <= 26


def test_settings_are_read_staged_and_committed(bench, fakes, wire, tmp_path):
    bench.open()
    for index, row in enumerate(settings.SETTINGS):
        status, data = bench.command(CONFIG_GET, bytes([index]))
        assert (status, data.decode()) == (0, f"{row[0]}={text_of(row[2])}")
    assert bench.command(CONFIG_STAGE, b"volume_ul=2500000") == (0, b"")
    assert bench.command(CONFIG_COMMIT) == (0, b"")
    bench.run(1_000)
    assert bench.node.restart
    assert Bench(fakes, wire, str(tmp_path)).node.config.values["volume_ul"] == 2_500_000


@pytest.mark.parametrize(
    ("message", "payload", "status"),
    [
        (47, b"", 1),
        (48, b"", 9),
        (CONFIG_STAGE, b"volume_ul", 2),
        (CONFIG_STAGE, b"\xff\xfe=1", 2),
        (TAKE_OVER, b"1234567", 2),
        (TAKE_OVER, bytes(8), 2),
        (TAKE_OVER, b"\xff" * 8, 2),
        (CONFIG_GET, b"", 3),
        (CONFIG_GET, b"\xc8", 3),
        (CONFIG_STAGE, b"volume_ul=-1", 4),
        (CONFIG_STAGE, b"nonsense=1", 4),
        (CONFIG_STAGE, b"=", 4),
    ],
)
def test_refusals_have_a_code_and_a_reason(bench, message, payload, status):
    bench.open()
    got, reason = bench.command(message, payload)
    assert (got, bool(reason)) == (status, True)
    assert status in messages.REFUSALS
    assert not bench.node.restart


def test_settings_that_contradict_are_refused_together(bench):
    bench.open()
    assert bench.command(CONFIG_STAGE, b"pressure_kind=gauge")[0] == 0
    assert bench.command(CONFIG_COMMIT)[0] == 5
    assert bench.command(CONFIG_COMMIT)[0] == 0  # nothing is staged any more


def test_settings_that_cannot_be_written_are_refused(bench, tmp_path):
    (tmp_path / "config.0").mkdir()
    bench.open()
    assert bench.command(CONFIG_COMMIT)[0] == 6
    assert not bench.node.restart


def test_a_take_over_is_told(bench):
    bench.open()
    assert bench.command(TAKE_OVER, struct.pack("<Q", 2**63 - 1)) == (0, b"")
    (event,) = bench.events("TAKE_OVER")
    assert (event.a, event.b) == (2**63 - 1, 0)


def test_ping_answers_the_device_time(bench):
    bench.open()
    before = bench.board.time.ms
    status, data = bench.command(PING)
    assert status == 0
    wraps, ms, us = struct.unpack("<HIH", data)
    assert wraps == 0
    assert before <= ms <= bench.board.time.ms
    assert us < 1000


def test_a_chip_of_another_kind_is_a_fault_told_once(fakes, wire, tmp_path, monkeypatch):
    monkeypatch.setattr(fakes.Bmp581, "_refuse", lambda chip: setattr(chip, "chip_id", 0x33))
    bench = Bench(fakes, wire, str(tmp_path))
    bench.open()
    bench.run(3_000)
    (fault,) = bench.events("SENSOR_FAULT")
    assert (fault.a, fault.b) == (-WRONG_ID, 0x33)
    states = [messages.STATUS.unpack(p)["state"] for m, p in bench.heard if m == STATUS]
    assert states[-1] == 1


def test_a_sensor_that_no_driver_serves_is_a_fault_and_the_node_answers(fakes, wire, tmp_path):
    twocopies.save(str(tmp_path), "config", {"address": 0x10})
    bench = Bench(fakes, wire, str(tmp_path))
    assert bench.open()["boot"] == 1
    assert len(bench.events("SENSOR_FAULT")) == 1
    assert bench.node.sampler is None


def test_no_sensor_is_no_fault(fakes, wire, tmp_path):
    twocopies.save(str(tmp_path), "config", {"sensor": "none"})
    bench = Bench(fakes, wire, str(tmp_path))
    bench.open()
    bench.run(1_500)
    assert bench.events("SENSOR_FAULT") == []
    assert messages.STATUS.unpack(bench.heard[-1][1])["state"] == 2


def test_a_stored_configuration_that_is_refused_is_told(fakes, wire, tmp_path):
    twocopies.save(str(tmp_path), "config", {"volume_ul": -5})
    bench = Bench(fakes, wire, str(tmp_path))
    (event,) = bench.events("CONFIG_BAD")
    assert event.b == 1


def test_the_resolution_is_the_one_known_after_the_start(fakes, wire, tmp_path, monkeypatch):
    """What one count is worth is in the calibration of some chips: start() reads it."""
    real = catalogue.load

    def load(*args: object) -> object:
        driver = real(*args)
        start = driver.start

        def started() -> None:
            start()
            driver.pressure_lsb_q8 = 41

        driver.pressure_lsb_q8 = 1
        driver.start = started
        return driver

    monkeypatch.setattr(catalogue, "load", load)
    bench = Bench(fakes, wire, str(tmp_path))
    snapshot = recordkinds.CONFIG.unpack(bench.node.spool.get(0))
    assert snapshot["pressure_lsb_q8"] == 41


def test_a_restart_does_not_wait_for_a_host_that_has_gone(bench):
    bench.open()
    bench.crediting = False
    bench.say(REBOOT, b"", 5)
    bench.run(10_000)
    assert [m for m, _ in bench.heard].count(REPLY) == 1
    assert bench.node.restart


def test_an_older_command_that_comes_again_is_not_executed(bench):
    """A late copy of a retry: answered long ago, its number is behind the newest."""
    bench.open()
    done = []
    bench.node.command = lambda message, payload: (done.append(message), (0, b""))[1]
    for seq in (1, 2, 1):
        bench.say(PING, b"", seq)
        bench.run(60)
    assert done == [PING, PING]


def test_errors_of_a_sensor_carry_numbers():
    error = SensorError(WRONG_ID, 5)
    assert (error.code, error.detail, error.args) == (WRONG_ID, 5, (WRONG_ID, 5))

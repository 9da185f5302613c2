"""The wire under every kind of harm: nothing is lost, doubled or invented."""

from __future__ import annotations

import random

import pytest

from accounting import slice_and_full
from hullwatch.link import messages as m
from hullwatch.store import Store

HARM = {
    "bits flipped, 1 in 1,000 bytes": {"flips": 1e-3},
    "bits flipped, 1 in 100 bytes": {"flips": 1e-2},
    "pieces lost, 1 in 20": {"lost": 0.05},
    "pieces doubled, 1 in 20": {"doubled": 0.05},
    "pieces swapped, 1 in 20": {"swapped": 0.05, "most": 40},
    "all of these at once": {"flips": 2e-3, "lost": 0.02, "doubled": 0.02, "swapped": 0.02},
}


@pytest.mark.parametrize(
    "harm",
    [pytest.param(kw, marks=pytest.mark.row(name, "sim"), id=name) for name, kw in HARM.items()],
)
@slice_and_full(2, 100)
def test_a_bad_cable(audited, harmed, harm, trials):
    for seed, one in enumerate(audited(trials)):
        one.log(harmed(one.port, random.Random(seed), **harm), commit_s=0.25)
        one.run(60)


@pytest.mark.row("unplugged in the middle of a frame", "sim")
@slice_and_full(1, 25)
def test_unplugged(audited, tally, trials):
    """Forty times a trial, at a random byte; what the node says meanwhile vanishes."""
    for one in audited(trials):
        for _ in range(40):
            one.log(commit_s=0.25)
            one.run(one.draw.uniform(0.2, 6), step_s=0.05)
            console = one.bench.board.console
            one.bench.run_until(one.bench.clock.us + 400_000)
            del console.to_host[one.draw.randrange(len(console.to_host) + 1) :]
            one.logger.step(0.0)  # the torn frame arrives, and its credit is never sent
            one.sleep(one.draw.choice([0.0, 0.3, 3.0]))
            tally.trials += 1
        tally.trials -= 1


@pytest.mark.row("nobody reads for ten minutes", "sim")
@slice_and_full(1, 50)
def test_reader_stopped(audited, trials):
    for one in audited(trials):
        one.log()
        one.run(one.draw.uniform(5, 60))
        one.sleep(600)
        one.run(200)


@pytest.mark.row("a second program probes the port", "sim")
@slice_and_full(1, 50)
def test_probed(audited, trials):
    probes = (
        b"AT\r\n",
        b"\r\n\r\n",
        b"+++",
        b"*IDN?\n",
        b"\x1e\x1e\x1e",
        b"import os\r\n",
        bytes(64),
    )
    for one in audited(trials):
        one.log()
        for _ in range(20):
            one.run(one.draw.uniform(0.5, 4), 0.1)
            one.port.write(one.draw.choice(probes))
            if one.draw.random() < 0.3:  # it takes what was meant for the logger
                one.bench.board.console.to_host.clear()


@pytest.mark.row("every byte but 0x03 and 0x04 injected between and inside frames", "sim")
@slice_and_full(8, 254)
def test_any_byte_anywhere(yard, tally, trials):
    """Each byte value at random places both ways: at most counters change."""
    values = [value for value in range(256) if value not in (3, 4)]
    one = yard()
    one.log(Injecting(one.port, one.draw, values[:: len(values) // trials][:trials]), commit_s=0.25)
    while one.logger._port.waiting:
        one.run(1, 0.1)
        tally.trials += 1
    one.settle()
    tally.trials -= 1
    one.audit(tally)


class Injecting:
    """A port that puts one byte of a list into each piece that passes, at a random place."""

    def __init__(self, port, draw, values):
        self._port = port
        self._draw = draw
        self.waiting = [value for value in values for _ in range(4)]
        self.name = port.name

    def _with(self, data):
        if not data or not self.waiting:
            return data
        at = self._draw.randrange(len(data) + 1)
        return data[:at] + bytes([self.waiting.pop()]) + data[at:]

    def read(self, timeout_s):
        return self._with(self._port.read(timeout_s))

    def write(self, data):
        self._port.write(self._with(data))

    def close(self):
        self._port.close()


@pytest.mark.row("two nodes swap ports", "sim")
@slice_and_full(1, 50)
def test_swapped(yard, tally, trials, tmp_path):
    """Both logged into one database; which is which says the node, not the port."""
    for seed in range(trials):
        path = tmp_path / f"swap{seed}.db"
        first = yard(path=path, seed=2 * seed)
        second = yard(path=path, witness=first.witness, store=first.store, seed=2 * seed + 1)
        ports = [Switch(first.port), Switch(second.port)]
        first.log(ports[0])
        second.log(ports[1])
        for _ in range(6):
            seconds = first.draw.uniform(3, 30)
            end_s = first.bench.now_s() + seconds
            while first.bench.now_s() < end_s or second.bench.now_s() < end_s:
                first.logger.step(0.2)
                second.logger.step(0.2)
            ports[0].port, ports[1].port = ports[1].port, ports[0].port
        first.settle()
        second.settle()
        first.audit(tally, second)
        first.close()
        second.close()


class Switch:
    """A port that another device can be plugged into."""

    def __init__(self, port):
        self.port = port
        self.name = port.name

    def read(self, timeout_s):
        return self.port.read(timeout_s)

    def write(self, data):
        self.port.write(data)

    def close(self):
        self.port.close()


@pytest.mark.row("the host's clock jumps", "sim")
@slice_and_full(1, 50)
def test_clock_jumps(audited, trials):
    for one in audited(trials):
        one.log()
        for _ in range(8):
            one.run(one.draw.uniform(2, 15))
            one.jump_s += one.draw.choice([-86400, -3.5, -0.02, 0.02, 7, 3600, 1e7])


EDGES = {
    "ticks_us wraps": (1 << 30) - 5_000_000,
    "ticks_ms wraps": ((1 << 30) - 5_000) * 1000,
    "both halves of the circle": (1 << 29) * 1000 - 5_000_000,
}


@pytest.mark.parametrize(
    "ticks_us",
    [pytest.param(at, marks=pytest.mark.row(name, "sim"), id=name) for name, at in EDGES.items()],
)
@slice_and_full(1, 40)
def test_counters_at_their_limits(yard, tally, ticks_us, trials):
    for seed in range(trials):
        one = yard(seed=seed, ticks_at_boot_us=ticks_us + 137 * seed)
        one.log()
        one.run(40)
        one.settle()
        one.audit(tally)
        one.close()


@pytest.mark.row("commands of 63, 64, 65, 128, 255 and 256 bytes on the wire", "sim")
@slice_and_full(1, 20)
def test_frame_sizes(audited, trials):
    """Each is answered or, beyond the limit of a frame, dropped and counted."""
    for one in audited(trials):
        one.log()
        one.run(5)
        for wire_bytes in (63, 64, 65, 128, 255, 256):
            for payload in payloads_for(wire_bytes):
                before = one.status["rx_bad"]
                answers = []
                one.logger.ask(m.CONFIG_STAGE, payload, answers.append)
                one.run(8, 0.1)
                assert answers
                assert answers[0] is None or answers[0].status
                assert one.status["rx_bad"] == before


def payloads_for(wire_bytes):
    """A payload whose frame has just so many bytes, if base64 permits, else the next below."""
    room = (wire_bytes - 2) // 4 * 3 - 9  # two delimiters; header of 5 and CRC of 4 inside
    return [b"x" * room] if room > 0 else []


@pytest.mark.row("another store acknowledges first", "sim")
@slice_and_full(1, 50)
def test_scratch_store(audited, tmp_path, trials):
    """A trial run into a scratch database; then the real one takes the node over."""
    for seed, one in enumerate(audited(trials)):
        kept = one.store
        with Store.open(tmp_path / f"scratch{seed}.db", 0) as one.store:
            one.log()
            one.run(one.draw.uniform(10, 60))
            one.logger.finish()
            one.run(2, 0.1)
        one.store = kept
        one.log(take_over=True)
        one.run(40)

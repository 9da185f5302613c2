"""A database filled with runs of a node: courses of pressure and temperature, settings, clocks."""

import binascii
import struct
from dataclasses import dataclass, field

import numpy as np
import pytest

from hullwatch.link import rawblock, recordview
from hullwatch.link.messages import HELLO, RAW
from hullwatch.link.recordkinds import BODY_BYTES, CONFIG, HEADER, NO_RECORD
from hullwatch.store import BootKey, ClockFit, Reader, Store

UID = "e66138528350b42c"
EPOCH = 5
START_S = 1_780_000_000
PERIOD_S = 1
_BLOCK = 50

SETTINGS = {
    "generation": 1, "name": b"jar", "sensor": b"bmp581", "address": 0x47, "oversampling": 64,
    "period_us": PERIOD_S * 1_000_000, "pressure_lsb_q8": 4, "pressure_kind": 0, "compensation": 1,
    "gas": 0, "volume_ul": 1_000_000, "t_ref_mk": 293_150, "p_out_pa": 101_325, "window_s_0": 60,
    "window_s_1": 600, "temp_lag_ms": 60_000, "temp_gradient_uk": 100, "settling_ms": -1,
    "u_volume_ppm": 5000, "aux_sensor": b"none", "reference_leak_mpa_day": -1,
    "reference_lag_ms": -1,
}  # fmt: skip


@dataclass
class Run:
    """One boot. `p_pa`, `t_k`: functions of seconds since its first sample, at 1 Hz.

    `settings`: (second, changes) of each CONFIG record. `missing`: sample ranges left out.
    """

    seconds: int
    p_pa: object
    t_k: object = lambda t: np.full(len(t), 293.15)
    boot: int = 1
    utc_s: float | None = START_S
    settings: tuple = ((0, {}),)
    missing: tuple = ()
    aux: object = field(default=None)


class Filler:
    """Writes runs; record numbers run on."""

    def __init__(self, path):
        self.path, self._number = path, 0

    def __call__(self, *runs):
        with Store.open(self.path, START_S * 1_000_000) as store:
            for run in runs:
                with store.atomic() as batch:
                    self._boot(batch, run)
            while store.repack():
                pass
        return self.path

    def _boot(self, batch, run):
        texts = {"8s": bytes.fromhex(UID), "32s": bytes(32), "12s": b"pico"}
        hello = HELLO.unpack(HELLO.struct.pack(*(texts.get(f.code, 0) for f in HELLO.fields)))
        hello.update(boot=run.boot, epoch=EPOCH, period_us=PERIOD_S * 1_000_000, raw_boot=run.boot)
        boot = batch.node(hello, START_S * 1_000_000)
        assert boot == BootKey(UID, EPOCH, run.boot)
        first = {}
        for second, changes in run.settings:
            first[second] = self._number
            batch.record(UID, self._config(run.boot, second, changes), START_S * 1_000_000)
        if run.utc_s is not None:
            batch.clock(boot, ClockFit(0, round(run.utc_s * 1e6), 0.0, 1000))
        self._samples(batch, boot, run, first)

    def _config(self, boot, second, changes):
        values = {f.name: 0 for f in CONFIG.fields} | SETTINGS | changes
        body = CONFIG.struct.pack(*(values[f.name] for f in CONFIG.fields))
        head = HEADER.pack(
            self._number, EPOCH, boot, CONFIG.id, CONFIG.version, 0, second * 1000, 0
        )
        self._number += 1
        data = (head + body).ljust(HEADER.size + BODY_BYTES, b"\0")
        return recordview.parse(data + struct.pack("<I", binascii.crc32(data)))

    def _samples(self, batch, boot, run, configs):
        number = np.arange(run.seconds)
        p = np.rint(run.p_pa(number.astype(float)) * 256).astype(np.int64)
        t = np.rint(run.t_k(number.astype(float)) * 65536).astype(np.int64)
        for low in range(0, run.seconds, _BLOCK):
            if any(a <= low < b for a, b in run.missing):
                continue
            high = min(low + _BLOCK, run.seconds)
            config = configs[max(s for s in configs if s <= low)] if configs else NO_RECORD
            ms = low * PERIOD_S * 1000
            head = RAW.struct.pack(
                boot.boot, config, low, ms >> 30, ms & (1 << 30) - 1, 0, high - low, 4, 0, 4, 0,
                int(p[low]), int(t[low]), 0,
            )  # fmt: skip
            tails = [(x[low + 1 : high] - x[low]).astype("<i4").tobytes() for x in (p, t)]
            batch.raw(UID, EPOCH, rawblock.decode(head + b"".join(tails)))


@pytest.fixture
def node():
    return UID


@pytest.fixture
def start_s():
    return START_S


@pytest.fixture
def run():
    return Run


@pytest.fixture
def noise():
    """White noise of 0.1 Pa and a walk of 1e-4 Pa²/s, by seed."""

    def made(n, seed=1):
        rng = np.random.default_rng(seed)
        return rng.normal(0, 0.1, n) + np.cumsum(rng.normal(0, 0.01, n))

    return made


@pytest.fixture
def leaking(noise):
    """A pressure that falls by `slope` Pa/s."""

    def course(slope, start=120_000.0, seed=1):
        return lambda t: start + slope * t + noise(len(t), seed)

    return course


@pytest.fixture
def filled(tmp_path):
    return Filler(tmp_path / "hull.db")


@pytest.fixture
def opened(filled):
    """A reader of a database with these runs."""
    readers = []

    def open_(*runs):
        readers.append(Reader.open(filled(*runs)))
        return readers[-1]

    yield open_
    for reader in readers:
        reader.close()

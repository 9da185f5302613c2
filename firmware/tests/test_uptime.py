"""Months of uptime: numbers, counters and ticks past every limit a small int or a field has."""

import struct

import pytest

from hullcore import settings
from hullcore.estimator import Estimator
from hullcore.measurement import Measurement, window_body
from hullcore.plan import WindowPlan
from hullcore.rawblock import RawPacker
from hullwatch.link import rawblock, recordkinds

NAMES = [field.name for field in recordkinds.WINDOW.fields]
HUNDRED_HZ = {"period_us": 10_000, "windows_s": (10, 60)}
P_Q8, T_Q16 = 30_000_000, 19_300_000


def windows_from(first: int) -> list[dict]:
    """Two 10 s windows and what they say, of the same samples numbered from `first`."""
    m = Measurement(settings.defaults() | HUNDRED_HZ, 4, 1)
    said = []

    def on_window(length_s, start, last, sums, scatter):
        due_ms = start * m.period_us // 1000
        flags, body = window_body(m, length_s, start, last, sums, scatter, due_ms)
        said.append(dict(zip(NAMES, body, strict=True)) | {"flags": flags})

    estimator = Estimator(m, WindowPlan(m.period_us, HUNDRED_HZ["windows_s"]), on_window, first)
    for k in range(2000):
        estimator.sample(P_Q8 - 3 * k + (k * 7919) % 101, T_Q16 + k % 13)
    assert estimator.next_number() == first + 2000
    return said


@pytest.mark.parametrize("limit", [1 << 29, 1 << 30, 1 << 31, 1 << 32, 1 << 40])
def test_windows_do_not_change_with_the_number_of_their_first_sample(limit):
    first = limit - 1000 - 5  # the limit lies inside the second window
    # 2^40 samples at 100 Hz are 348 years
    for early, late in zip(windows_from(0), windows_from(first), strict=True):
        assert late["first"] - early["first"] == late["last"] - early["last"] == first
        due_ms = late["first_wraps"] * (1 << 30) + late["first_ms"]
        assert due_ms == late["first"] * 10
        named = ("first", "last", "first_wraps", "first_ms")
        assert {k: v for k, v in late.items() if k not in named} == {
            k: v for k, v in early.items() if k not in named
        }


@pytest.mark.parametrize("limit", [1 << 30, 1 << 32, 1 << 40])
def test_raw_blocks_number_their_samples_past_the_limit(limit):
    packer = RawPacker(0, 0)
    for k in range(8):
        packer.add(P_Q8 + k, T_Q16 - k)
    due_ms = 65_535 * (1 << 30) + 7  # the last wrap the field can count: 2,230 years
    payload = packer.close(9, 1, limit - 5, due_ms >> 30, due_ms & 0x3FFFFFFF, 0, 0)
    block = rawblock.decode(payload)
    assert block.first == limit - 5
    assert block.device_ms == due_ms
    assert list(block.p_q8) == [P_Q8 + k for k in range(8)]
    assert list(block.t_q16) == [T_Q16 - k for k in range(8)]


def test_a_number_beyond_its_field_is_refused_and_never_sent_truncated():
    packer = RawPacker(0, 0)
    packer.add(P_Q8, T_Q16)
    with pytest.raises((ValueError, struct.error)):
        packer.close(9, 1, 1 << 64, 0, 0, 0, 0)

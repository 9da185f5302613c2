"""The envelope of a plot has every value, in its pixel or the next; gaps stay gaps."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hullwatch.errors import InputError
from hullwatch.store import ClockFit, Store, levels, repack

EPOCH = 0xE0C4


@pytest.fixture
def small_spans(monkeypatch):
    monkeypatch.setattr(repack, "SPAN_SAMPLES", 200)
    monkeypatch.setattr(levels, "BUCKET_SAMPLES", 16)


def logged(path, hello, now_us, raw_block, numbers, boot=7):
    """A database with the blocks that begin at 40 × `numbers`, packed as far as it goes."""
    store = Store.open(path, now_us)
    with store.atomic() as batch:
        key = batch.node(hello(boot=boot), now_us)
        for k in numbers:
            batch.raw(key.node, key.epoch, raw_block(40 * k, boot=boot))
    while store.repack():
        pass
    return store, key


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30
)
@given(
    holes=st.sets(st.integers(0, 50)),
    first=st.integers(0, 2000),
    size=st.integers(1, 2200),
    pixels=st.integers(1, 400),
    channel=st.sampled_from([("p_q8", 256), ("t_q16", 65536)]),
)
def test_against_all_samples(
    tmp_path_factory, hello, now_us, raw_block, small_spans, holes, first, size, pixels, channel
):
    path = tmp_path_factory.mktemp("levels") / "hull.db"
    store, key = logged(path, hello, now_us, raw_block, sorted(set(range(51)) - holes))
    past = first + size
    with store, store.reader() as reader:
        raw = reader.raw(key)
        found = reader.envelope(key, first, past, pixels, channel[0])
        clock = ClockFit(ref_ms=0, utc_us=now_us, ppm=0, bound_us=10)
        with store.atomic() as batch:
            batch.clock(key, clock)
        timed = reader.envelope_utc(
            key.node, now_us + first * 100_000, now_us + past * 100_000, pixels, channel[0]
        )
    values = getattr(raw, channel[0]) / channel[1]
    slack = size / pixels  # a piece is no wider than a pixel
    assert found.edges[0] == first
    assert found.edges[-1] == past
    for k in range(pixels):
        low, high = found.edges[k], found.edges[k + 1]
        near = values[(raw.sample >= low - slack / 2 - 1) & (raw.sample < high + slack / 2 + 1)]
        if not found.count[k]:
            assert np.isnan([found.low[k], found.high[k], found.begin[k], found.end[k]]).all()
            continue
        assert found.low[k] in near
        assert found.high[k] in near
        assert {found.begin[k], found.end[k]} <= set(near)
        assert found.low[k] <= min(found.begin[k], found.end[k])
        assert found.high[k] >= max(found.begin[k], found.end[k])
    core = values[(raw.sample >= first + slack / 2 + 1) & (raw.sample < past - slack / 2 - 1)]
    if len(core):
        assert np.nanmin(found.low) <= core.min()
        assert np.nanmax(found.high) >= core.max()
        assert found.count.sum() >= len(core)
    if slack < 1:
        assert found.count.sum() == ((raw.sample >= first) & (raw.sample < past)).sum()
    assert np.abs(timed.count.sum() - found.count.sum()) <= 2 * slack + 2
    assert (timed.edges - now_us) / 100_000 == pytest.approx(found.edges, abs=1.1)


def test_one_sample_a_pixel_is_the_sample(path, hello, now_us, raw_block, small_spans):
    store, key = logged(path, hello, now_us, raw_block, [*range(6), *range(7, 12)])
    with store, store.reader() as reader:
        raw = reader.raw(key)
        found = reader.envelope(key, 0, 480, 480)
    expected = np.full(480, np.nan)
    expected[raw.sample] = raw.p_q8 / 256
    for column in (found.low, found.high, found.begin, found.end):
        np.testing.assert_array_equal(column, expected)
    assert found.count.tolist() == (~np.isnan(expected)).astype(int).tolist()
    assert np.flatnonzero(found.count == 0).tolist() == list(range(240, 280))


def test_boots_follow_each_other_in_utc_and_unknown_times_are_left_out(
    path, hello, now_us, raw_block, small_spans
):
    for boot in (1, 2, 3):
        store, key = logged(path, hello, now_us, raw_block, range(10), boot=boot)
        with store, store.atomic() as batch:
            if boot != 2:
                utc_us = now_us + boot * 1_000_000_000
                batch.clock(key, ClockFit(ref_ms=0, utc_us=utc_us, ppm=0, bound_us=10))
    with Store.open(path, now_us) as store, store.reader() as reader:
        # boots of 40 s that began 1000 s apart
        found = reader.envelope_utc(key.node, now_us + 990_000_000, now_us + 3_090_000_000, 2100)
    drawn = np.flatnonzero(found.count)
    assert drawn.tolist() == [*range(10, 50), *range(2010, 2050)]
    assert (found.count[drawn] == 10).all()


def test_what_makes_no_picture_is_refused(path, hello, now_us, raw_block):
    store, key = logged(path, hello, now_us, raw_block, [0])
    with store, store.reader() as reader:
        for arguments in ((0, 100, 0), (0, 100, 10**6), (5, 5, 10), (0, 100, 10, "volts")):
            with pytest.raises(InputError):
                reader.envelope(key, *arguments)

"""Nodes that restart and loggers that die: accounting goes on, on whatever bench."""

from __future__ import annotations

import numpy as np
import pytest

from hullwatch.link import messages as m
from hullwatch.link.events import Hello, Prompt


def boots(one):
    return [hello.number("boot") for hello in one.heard(Hello)]


def assert_accounted(one):
    """Every boot's samples from its first on, every spool's records, once each."""
    with one.store.reader() as reader:
        keys = [boot.key for boot in reader.boots()]
        numbers = {}
        for row in [*reader.windows(), *reader.events(), *reader.configs()]:
            numbers.setdefault(row.epoch, []).append(row.number)
        gaps = reader.gaps(keys[0].node)
        summary = reader.summary(keys[0].node)
        for key in keys:
            raw = reader.raw(key)
            missing = set(range(int(raw.sample[-1]) + 1)) - set(raw.sample.tolist())
            told = {
                n for g in gaps if (g.stream, g.epoch, g.boot) == ("raw", key.epoch, key.boot)
                for n in range(g.first, g.past)
            }  # fmt: skip
            assert missing == told
            assert np.all(np.diff(raw.sample) > 0)
    assert {gap.reason for gap in gaps} <= {"no sample was taken"}
    assert summary.conflicts == 0
    for found in numbers.values():
        assert sorted(found) == list(range(len(found)))
    return keys


def test_a_restart_that_was_asked_for(rig):
    one = rig()
    one.measured(60)
    one.logger.ask(m.REBOOT, b"", lambda reply: None)
    one.until(lambda: len(boots(one)) == 2, 60)
    one.events.clear()
    one.measured(60)
    assert len(assert_accounted(one)) == 2


def test_settings_come_into_force_with_a_new_boot(rig):
    one = rig()
    one.measured(30)
    one.logger.ask_now(m.CONFIG_STAGE, b"volume_ul=3000000")
    one.logger.ask_now(m.CONFIG_COMMIT)
    one.until(lambda: boots(one) == [1, 2], 60)
    one.events.clear()
    one.measured(120)
    assert_accounted(one)
    with one.store.reader() as reader:
        assert [c.volume_m3 for c in reader.configs()] == pytest.approx([1e-3, 3e-3])
        (window, *_) = [w for w in reader.windows() if w.boot == 2]
    assert window.leak_rate_pa_m3_s == pytest.approx(-window.slope_pa_s * 3e-3, rel=1e-6)


def test_a_logger_that_is_killed_again_and_again(rig):
    one = rig()
    for _ in range(5):
        end_s = one.bench.now_s() + 7
        while one.bench.now_s() < end_s:
            one.logger.step(one.declared.step_s)
        one.log()  # the one before said nothing and committed nothing more
    one.measured(one.status()["next_sample"] + 20)
    (key,) = assert_accounted(one)
    assert key.boot == 1


@pytest.mark.needs("repl")
def test_ctrl_c_leaves_and_the_logger_starts_the_node_again(rig):
    one = rig()
    one.measured(30)
    one.port.write(b"\x03")
    one.until(lambda: one.heard(Prompt), 60)
    one.until(lambda: boots(one) == [1, 2], 120)
    one.events.clear()
    one.measured(30)
    assert one.logger.restarts == 1
    assert_accounted(one)
    with one.store.reader() as reader:
        assert "LEFT" in [event.event for event in reader.events() if event.boot == 2]


@pytest.mark.needs("repl", "outputs", "watchdog")
def test_ctrl_c_makes_outputs_safe_and_the_watchdog_sleep(rig):
    one = rig()
    one.measured(20)
    chip = one.bench.server.chip
    assert chip.watchdog_ms > 0
    chip.outputs_safe = False
    one.port.write(b"\x03")
    one.until(lambda: one.heard(Prompt), 60)
    assert chip.outputs_safe
    assert chip.watchdog_ms == 0

"""The node loses power at every operation of its flash, and at any byte of it."""

from __future__ import annotations

import pytest

from accounting import slice_and_full
from hullwatch.link import messages as m
from hullwatch.sim.flashfiles import FIRMWARE_BLOCKS

SHORT = {"windows_s": (10, 60), "sync_s": 10}
"""Syncs every ten seconds, so that a short run meets many."""


SET = b"p_out_pa=101000"
"""A setting that is written in the middle of a life."""


def resettled(one):
    """The setting is changed, which restarts the node, wherever the power goes meanwhile."""
    one.logger.ask(m.CONFIG_STAGE, SET, lambda reply: None)
    one.logger.ask(m.CONFIG_COMMIT, b"", lambda reply: None)
    one.run(5)


def settings_whole(one):
    """What is in force is the old or the new, never the defaults for want of a readable copy."""
    config = one.bench.node.config
    assert not config.fallback
    key, _, value = SET.decode().partition("=")
    assert config.values[key] in (one.p_out_pa, int(value))
    assert config.values["sync_s"] == SHORT["sync_s"]


def aged(one, seconds=30):
    """A life before the cut: some of it heard, some of it only on the flash."""
    one.log()
    one.run(seconds)
    one.sleep(seconds)


@pytest.mark.row("power cut at each flash operation in turn", "sim")
@slice_and_full(6, 1000)
def test_every_operation(yard, tally, trials):
    """Until the script comes to its end uncut; `trials` bounds it for the slice."""
    cut = 0
    while cut < trials:
        one = yard(seed=cut, extra=SHORT)
        one.p_out_pa = one.bench.node.config.values["p_out_pa"]
        one.bench.files.cut_at(cut * (1 if trials > 6 else 7))
        aged(one, 20)
        resettled(one)
        one.run(20)
        one.sleep(65)
        uncut = not one.bench.cuts
        one.settle(90)
        one.audit(tally)
        settings_whole(one)
        one.close()
        cut += 1
        if uncut:
            break
    assert trials == 6 or uncut


@pytest.mark.row("power cut at a random byte", "sim")
@slice_and_full(4, 1000)
def test_random_bytes(yard, tally, trials):
    """Up to three cuts a life, also while it starts; a torn write keeps any of its bytes."""
    for seed in range(trials):
        one = yard(seed=seed, extra=SHORT)
        draw = one.draw
        for _ in range(draw.randrange(1, 4)):
            one.bench.files.cut_at(draw.randrange(30), lambda n, draw=draw: draw.randint(-1, n))
            aged(one, draw.uniform(1, 30))
        one.settle(90)
        one.audit(tally)
        one.close()


@pytest.mark.row("power cut between operations, host away for minutes", "sim")
@slice_and_full(2, 60)
def test_power_goes_while_nobody_listens(yard, tally, trials):
    for seed in range(trials):
        one = yard(seed=seed, extra=SHORT)
        for _ in range(2):
            aged(one, one.draw.uniform(5, 40))
            one.sleep(one.draw.uniform(0, 400))
            one.bench.power_cut()
        one.run(60)
        one.settle(120)
        one.audit(tally)
        one.close()


@pytest.mark.row("the node's file system is wiped", "sim")
@slice_and_full(1, 40)
def test_wiped(yard, tally, trials):
    """As the port's boot script does; what only the flash held is gone, and is a new epoch."""
    for seed in range(trials):
        one = yard(seed=seed, extra=SHORT)
        aged(one, one.draw.uniform(5, 60))
        one.witness.wiped(one.bench.board.uid.hex(), one.bench.node.stamp.epoch)
        one.bench.files.wipe()
        one.bench.power_cut()
        one.run(30)
        one.settle(90)
        one.audit(tally)
        assert len({key[1] for key in one.witness.records}) == 2
        one.close()


@pytest.mark.row("the node's flash is full", "sim")
@slice_and_full(1, 30)
def test_full(yard, tally, trials):
    """A small file system: the oldest gives way, and the numbers that went are stated."""
    for seed in range(trials):
        one = yard(seed=seed, extra=SHORT | {"windows_s": (10,)}, flash_blocks=FIRMWARE_BLOCKS + 54)
        one.log()
        one.run(20)
        one.sleep(one.draw.uniform(7_000, 12_000))
        one.log()
        one.run(400)
        one.settle(120)
        one.audit(tally)
        assert tally.stated
        one.close()


@pytest.mark.row("restarts asked for, one after the other", "sim")
@slice_and_full(1, 30)
def test_restarts(yard, tally, trials):
    for seed in range(trials):
        one = yard(seed=seed, extra=SHORT)
        for _ in range(5):
            one.log()
            one.run(one.draw.uniform(2, 25))
            one.logger.ask(m.REBOOT, b"", lambda reply: None)
            one.run(one.draw.uniform(3, 10))
        one.settle(90)
        one.audit(tally)
        one.close()

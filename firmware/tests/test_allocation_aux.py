"""Zero bytes for every sample that closes nothing, with a second sensor, on the chip's VM."""

import pytest

PROGRAM = """
import gc
from allocations import Watch
from twochips import TwoChips, configure
from hullnode.config import Config
from hullnode.node import Node
def start():
    config = Config("$ROOT")
    config.stage("period_us", str(PERIOD))
    config.stage("noise_profile", "off")
    configure(config, "COMPENSATION")
    node = Node(board, 0)
    gc.collect()
    return node
board = TwoChips("$ROOT")
board.link_us = 20000
board.chip.take_time(5000)
board.reference.take_time(6000)
board.chip.spread = board.reference.spread = SPREAD
node = start()
watch = Watch(node, board)
for k in range(SAMPLES // 100):
    watch.samples(100)
    gc.collect()
sampler = node.sampler
print(watch.locked > SAMPLES, watch.leaks, sampler.late_count, sampler.missed_count)
print(sampler.taken_count, node.pipeline.next_number(), node.pipeline.aux_missing)
print(max(watch.most.values()))
"""


@pytest.mark.parametrize(
    ("compensation", "samples", "period_us", "spread"),
    [
        ("probe", 10_000, 100_000, 64), ("probe", 2_000, 40_000, 4_000),
        ("reference", 10_000, 100_000, 64), ("reference", 2_000, 40_000, 4_000),
        ("onewire", 2_000, 160_000, 64),
    ],
)  # fmt: skip
def test_a_sample_that_closes_nothing_allocates_nothing(
    chip_vm, tmp_path, compensation, samples, period_us, spread
):
    text = PROGRAM.replace("PERIOD", str(period_us)).replace("COMPENSATION", compensation)
    text = text.replace("SPREAD", str(spread)).replace("SAMPLES", str(samples))
    printed = chip_vm(text, ROOT=tmp_path)
    first, second, most = printed.splitlines()
    assert first == "True 0 0 0"
    assert second == f"{samples} {samples} 0"
    assert 0 < int(most) < 50_000  # with the tightness of the reference chamber watched

"""Zero bytes for every sample that closes nothing, on the VM that allocates like the chip."""

import pytest

PROGRAM = """
import gc
from allocations import Watch
from fakes import Board
from hullnode.config import Config
from hullnode.node import Node
def configure(period_us, compensation):
    config = Config("$ROOT")
    config.stage("period_us", str(period_us))
    config.stage("compensation", compensation)
    config.stage("noise_profile", "LEARN")
    MORE
    config.commit()
def start():
    node = Node(board, 0)
    gc.collect()
    return node
configure(PERIOD, "COMPENSATION")
board = Board("$ROOT")
board.link_us = 20000
board.chip.take_time(5000)
board.chip.spread = SPREAD
node = start()
watch = Watch(node, board)
HOST
for k in range(SAMPLES // 100):
    watch.samples(100)
    gc.collect()
sampler = node.sampler
print(watch.locked > SAMPLES, watch.leaks, sampler.late_count, sampler.missed_count)
print(sampler.taken_count, node.pipeline.next_number(), max(watch.most.values()))
"""

# The rest of a line that never ends, some of it in every poll; it must not end a frame either.
NOISE = """
board.console.feed(b"noise \\x1e and then no frame at all" * 400)
"""

# A host that opened a session and stays silent: HELLO is in flight, nothing else may go out.
WHO = """
board.console.feed(WHO_FRAME)
while not board.console.sent:
    board.time.advance(node.poll())
"""


def program(
    samples: int, period_us: int, compensation: str, spread: int, host: str = "",
    noise: str = "off", more: str = "pass",
) -> str:  # fmt: skip
    text = PROGRAM.replace("PERIOD", str(period_us)).replace("COMPENSATION", compensation)
    text = text.replace("SPREAD", str(spread)).replace("HOST", host).replace("MORE", more)
    return text.replace("SAMPLES", str(samples)).replace("LEARN", noise)


@pytest.mark.parametrize("compensation", ["none", "sensor"])
@pytest.mark.parametrize(
    ("samples", "period_us", "spread"), [(10_000, 100_000, 64), (2_000, 10_000, 4_000)]
)
def test_a_sample_that_closes_nothing_allocates_nothing(
    chip_vm, tmp_path, compensation, samples, period_us, spread
):
    printed = chip_vm(program(samples, period_us, compensation, spread), ROOT=tmp_path)
    first, second = printed.splitlines()
    assert first == "True 0 0 0"
    taken, number, most = second.split()
    assert int(taken) == int(number) == samples
    assert 0 < int(most) < 40_000  # firmware/RAM.md says what each closing takes


@pytest.mark.parametrize("compensation", ["none", "sensor"])
def test_nor_does_one_while_noise_is_learned_and_trends_are_kept(chip_vm, tmp_path, compensation):
    """A profile is fitted when a block closes: those polls are allowed more, see RAM.md."""
    more = 'config.stage("trend_s", "10,60"); config.stage("reserve_limit_pa", "50000")'
    text = program(10_000, 100_000, compensation, 64, noise="learn", more=more)
    first, second = chip_vm(text, ROOT=tmp_path).splitlines()
    assert first == "True 0 0 0"
    taken, number, most = second.split()
    assert int(taken) == int(number) == 10_000
    assert 40_000 < int(most) < 150_000


@pytest.mark.parametrize("host", ["noise", "who"])
def test_nor_does_listening(chip_vm, tmp_path, wire, host):
    text = NOISE
    if host == "who":
        frame = wire.encode(32, 0, 0, bytes([1, 0, 7, 0]))
        text = WHO.replace("WHO_FRAME", repr(frame))
    printed = chip_vm(program(500, 100_000, "sensor", 64, text), ROOT=tmp_path)
    assert printed.splitlines()[0] == "True 0 0 0"


FAULTS = """
import gc, micropython
from fakes import Bmp581, Time
from hullcore import settings
from hullcore.measurement import Measurement
from hullcore.plan import WindowPlan
from hullcore.estimator import Estimator
from hullnode.drivers.catalogue import load
from hullnode.sampler import Sampler
class Sink:
    def __init__(self):
        config = settings.defaults()
        plan = WindowPlan(config["period_us"], config["windows_s"])
        self.estimator = Estimator(Measurement(config, 4, 0), plan, self.on_window)
        self.kinds = [0, 0, 0]
    def on_window(self, *args):
        pass
    def taken(self, p, t):
        self.kinds[0] += 1
    def late(self, p, t, late_us):
        self.kinds[1] += 1
        self.estimator.late()
    def missed(self):
        self.kinds[2] += 1
        self.estimator.missing()
    def fault(self, code, detail):
        pass
    def recovered(self, missed):
        pass
time = Time(1073741823 - 3000000)
sink = Sink()
sampler = Sampler(time.ticks_us, load("bmp581", Bmp581(time), 0, 16, time.sleep_ms), 100000, sink,
                  lambda: None)
sampler.begin()
cascade = sink.estimator.cascade
def run(polls):
    for k in range(polls):
        if cascade.j + 8 > cascade._length:
            cascade.j = cascade._absent = 0
            cascade._absent_j = cascade._absent_jj = 0
        micropython.heap_lock()
        wait = sampler.poll()
        time.advance(wait + (30000 if k % 5 == 0 else 350000 if k % 31 == 0 else 0))
        micropython.heap_unlock()
run(2000)
print(sum(sink.kinds) == sampler.taken_count + sampler.missed_count, min(sink.kinds) > 20)
"""


def test_late_and_missed_slots_allocate_nothing_across_the_wrap(chip_vm):
    assert chip_vm(FAULTS) == "True True\n"

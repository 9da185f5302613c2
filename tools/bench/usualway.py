"""The shipped estimator against the same window in floats, on one MicroPython VM.

All take the same 10 Hz samples into one 10 min window, compensated for temperature: ours from the
`.mpy` files of a node; lists of floats fitted anew at every sample; float running sums. Inputs are
made beforehand and the loop around each is the same. The VM is the unix one: 64-bit, floats are
doubles in 32 bytes of heap. On the chip they are singles, in 16: too few digits, see `drift`.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hullwatch.bench.vmbench import vm_path
from hullwatch.errors import MissingCapability
from hullwatch.flash.build import build
from hullwatch.flash.errors import BuildError

PERIOD_US = 100_000
WINDOW_S = 600
_FITS = 120  # of a window's 6,000, evenly spread: a fit's cost grows with the samples it has
_HEAP = "heapsize=64M"  # room to count what is allocated without a collection between

_PROGRAM = """
import gc, json, sys, time
sys.path[:0] = [CODE, RIVALS]
from hullcore import settings
from hullcore.estimator import Estimator
from hullcore.leakrate import slope_ppa_s
from hullcore.measurement import Measurement
from hullcore.plan import WindowPlan
from rivals import ListFit, RunningSums

window = WINDOW_S * 1000000 // PERIOD_US
config = settings.defaults()
config["period_us"] = PERIOD_US
config["compensation"] = "sensor"
m = Measurement(config, 4, 0)
seed = 1
p_q8, t_q16 = [], []
for k in range(window):
    seed = (seed * 3877 + 29573) % 139968
    p_q8.append(25939200 - k // 20 + seed * 64 // 139968)
    t_q16.append(19539558 + k // 9 + seed * 100 // 139968)
p_pa = [p / 256 for p in p_q8]
t_k = [t / 65536 for t in t_q16]

class Ours:
    def __init__(self):
        plan = WindowPlan(PERIOD_US, (WINDOW_S,))
        self.estimator = Estimator(m, plan, self.on_window)
        self.sample = self.estimator.sample
    def on_window(self, length_s, first, last, sums, scatter):
        self.slope_y = slope_ppa_s(sums.slope_y(), sums.spread(), PERIOD_US) / 1e12
        self.slope_p = slope_ppa_s(sums.slope_p(), sums.spread(), PERIOD_US) / 1e12

def lists():
    return ListFit(window, PERIOD_US / 1000000, m.t_ref_q16 / 65536)

def sums():
    return RunningSums(window, PERIOD_US / 1000000, m.t_ref_q16 / 65536)

def feed(sample, first, second, start, end):
    begin = time.ticks_us()
    for k in range(start, end):
        sample(first[k], second[k])
    return time.ticks_diff(time.ticks_us(), begin)

def streaming(make, first, second):
    us = []
    for k in range(REPEATS):
        gc.collect()
        us.append(feed(make().sample, first, second, 0, window) / window)
    gc.collect()
    base = gc.mem_alloc()
    e = make()
    feed(e.sample, first, second, 0, window - 1)
    gc.collect()
    held = gc.mem_alloc() - base
    gc.disable()
    e = make()
    base = gc.mem_alloc()
    feed(e.sample, first, second, 0, window)
    made = gc.mem_alloc() - base
    gc.enable()
    return sorted(us)[REPEATS // 2], made / window, held, e.slope_y, e.slope_p

def refitting():
    us = made = 0
    gc.collect()
    base = gc.mem_alloc()
    e = lists()
    step = window // FITS
    for start in range(0, window, step):
        at = start + step // 2
        feed(e.keep, p_pa, t_k, start, at)
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        us += feed(e.sample, p_pa, t_k, at, at + 1)
        made += gc.mem_alloc() - before
        gc.enable()
        feed(e.keep, p_pa, t_k, at + 1, start + step)
    gc.collect()
    held = gc.mem_alloc() - base
    e.fit()
    return us / FITS, made / FITS, held, e.slope_y, e.slope_p

print(json.dumps([
    streaming(Ours, p_q8, t_q16), refitting(), streaming(sums, p_pa, t_k), sys.version
]))
"""


@dataclass(frozen=True)
class Cost:
    """One way's cost: µs and bytes allocated a sample, bytes held just before the window is full.

    And the slopes it found, Pa/s.
    """

    us: float
    allocated: float
    held: int
    slope_y: float
    slope_p: float


@dataclass(frozen=True)
class Comparison:
    """All of one run on one VM."""

    ours: Cost
    lists: Cost
    sums: Cost
    vm: str


def measure(window_s: int = WINDOW_S, repeats: int = 5) -> Comparison:
    """Run all three; MissingCapability or BuildError where VM or compiler is not installed."""
    values: dict[str, Any] = {
        "CODE": str(build("vm").root),
        "RIVALS": str(Path(__file__).parent),
        "PERIOD_US": PERIOD_US,
        "WINDOW_S": window_s,
        "REPEATS": repeats,
        "FITS": _FITS,
    }
    program = "".join(f"{name} = {value!r}\n" for name, value in values.items()) + _PROGRAM
    command = [str(vm_path()), "-X", _HEAP, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    ours, lists, sums, vm = json.loads(done.stdout)
    return Comparison(Cost(*ours), Cost(*lists), Cost(*sums), vm)


def report() -> None:
    """Measure and print costs and ratios, or what is missing here."""
    try:
        got = measure()
    except (BuildError, MissingCapability) as error:
        print(f"estimator against floats: not measured, {error.message}")
        return
    print(f"one {WINDOW_S // 60} min window at 10 Hz, {got.vm.partition('; ')[2]}, unix 64-bit")
    print(f"{'':34}{'µs/sample':>10}{'bytes/sample':>14}{'bytes held':>12}")
    rows = (
        ("shipped estimator, integers", got.ours),
        ("float lists, fitted every sample", got.lists),
        ("float running sums", got.sums),
    )
    for name, cost in rows:
        print(f"{name:34}{cost.us:>10.2f}{cost.allocated:>14.1f}{cost.held:>12}")
    for name, cost in rows[1:]:
        time, heap = cost.us / got.ours.us, cost.allocated / max(got.ours.allocated, 0.1)
        held = cost.held / got.ours.held
        print(f"{name} / ours: time {time:.1f}, allocated {heap:,.0f}, held {held:.1f}")

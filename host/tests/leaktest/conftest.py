"""A simulated node with valves, and a host that asks it to run tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.ingest.dialogue import Dialogue
from hullwatch.ingest.settings import read_settings
from hullwatch.leaktest import follow, nodebody, recipefile
from hullwatch.link import recordview
from hullwatch.link.recordkinds import EVENTS, TEST
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.plumbing import PlumbingSpec

SIMPLE = "16:supply:fill:nc:60:dump;17:dump:vent:nc:0"
BLEEDING = (
    "16:supply:fill:nc:60:dump+bleed;17:dump:vent:nc:0;18:iso:isolate:nc:900:bleed;"
    "19:bleed:bleed:nc:900"
)
PUMPED = "16:pump:evacuate:nc:300:vent;17:vent:vent:nc:0"
BLANKED = SIMPLE + ";20:plug:blanking:nc:900"

SETTINGS = {
    "overpressure_pa": 123_000, "temp_lag_ms": 3_000, "temp_gradient_uk": 100,
    "settling_ms": 3_000, "u_volume_ppm": 2_000, "windows_s": (3600,),
}  # fmt: skip
QUICK = {
    "day_amplitude_k": 0.0, "weather_rms_k": 0.0, "gas_tau_s": 2.0, "probe_tau_s": 2.0,
    "wall_j_m2_k": 1e6, "self_heat_k": 0.0,
}  # fmt: skip
"""Gas that takes the wall's temperature at once: half a minute of stabilising is enough."""

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "recipes" / "decay.toml"
LINES = (line.partition("#")[0].rstrip() for line in EXAMPLE.read_text().splitlines())
RECIPE = "".join(f"{line}\n" for line in LINES if line)
RECIPE = RECIPE.replace("tries = 2", "tries = 1").replace("jar decay", "jar")


def text_of(**changes):
    """The recipe with lines replaced: KEY=value anywhere, or None to leave it out."""
    lines = []
    for line in RECIPE.splitlines():
        key = line.partition(" =")[0]
        if key in changes:
            value = changes.pop(key)
            if value is not None:
                lines.append(f"{key} = {value}")
        else:
            lines.append(line)
    assert not changes, changes
    return "\n".join(lines) + "\n"


class Rig:
    """Bench, dialogue, records heard; also the Asker of `hullwatch.leaktest.follow`."""

    def __init__(
        self, wiring=SIMPLE, leak=1e-4, settings=None, chamber=None, seed=3, spec=None,
        period_us=100_000, compensation=None, **plumbing,
    ):  # fmt: skip
        if spec is None:
            made = ChamberSpec(**{"leak_pa_m3_s": leak, "seed": seed, **QUICK, **(chamber or {})})
            plumbing = {"vented": True, **plumbing}
            spec = BenchSpec(
                chamber=made, seed=seed, plumbing=PlumbingSpec(wiring, **plumbing),
                extra={**SETTINGS, **(settings or {})}, period_us=period_us,
                compensation=compensation,
            )  # fmt: skip
        self.bench = SimBench(spec)
        self.records = []
        self.pins = self.bench.world.pins
        self.open()

    def open(self):
        self.dialogue = Dialogue(self.bench.open_port(), self.bench, 1, self._heard)
        self.dialogue.greet()

    def _heard(self, event):
        data = getattr(event, "record", None)
        if data is not None:
            self.records.append(data)

    def ask(self, message, payload=b""):
        return self.dialogue.ask_now(message, payload)

    @property
    def node(self):
        return self.bench.node

    def config(self):
        return nodebody.configuration(read_settings(self.dialogue))

    def load(self, text=RECIPE):
        body = nodebody.body_of(recipefile.parse(text, "x.toml"), self.config())
        return follow.load(self, body)

    def start(self, text=RECIPE, part="P1", attempt=1):
        return follow.start(self, self.load(text), part, attempt)

    def run(self, text=RECIPE, part="P1", attempt=1):
        """Start and follow; the last progress."""
        self.start(text, part, attempt)
        return self.finish()

    def finish(self, seen=lambda now: None):
        return follow.until_done(self, lambda: self.step(5.0), seen)

    def step(self, seconds):
        end = self.bench.now_s() + seconds
        while self.bench.now_s() < end:
            self.dialogue.step(min(1.0, max(0.01, end - self.bench.now_s())))

    def alone(self, seconds):
        """No host: what the node sends is not read, nothing is answered."""
        end_us = self.bench.clock.us + round(seconds * 1e6)
        while self.bench.clock.us < end_us:
            self.bench.run_until(end_us)
            self.bench.board.console.to_host.clear()

    def until(self, phase, limit_s=400):
        end = self.bench.now_s() + limit_s
        while follow.progress(self).phase != phase:
            assert self.bench.now_s() < end
            self.step(0.3)

    def spooled(self):
        """All records on the node, parsed."""
        spool = self.node.spool
        return [recordview.parse(bytes(spool.get(n))) for n in range(spool.oldest, spool.next)]

    def tests(self):
        return [r for r in self.spooled() if r.name == TEST.name]

    def events(self, name):
        code = [row[0] for row in EVENTS].index(name) + 1
        return [r for r in self.spooled() if r.name == "EVENT" and r.integer("code") == code]

    def phases(self):
        return [r.integer("a") for r in self.events("PHASE")]

    def close(self):
        self.bench.close()


@pytest.fixture
def rig():
    made = []

    def make(**options):
        made.append(Rig(**options))
        return made[-1]

    make.text = text_of
    make.bleeding, make.pumped, make.blanked = BLEEDING, PUMPED, BLANKED
    yield make
    for one in made:
        one.close()


@pytest.fixture
def recipe_text():
    """The recipe with lines replaced: KEY=value anywhere, or None to leave it out."""
    return text_of


@pytest.fixture
def quick_node():
    """(settings of a node that may test, chamber that settles at once)."""
    return SETTINGS, QUICK

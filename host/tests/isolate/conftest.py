"""A place for searches whose physics is the test's own: two-sided closings, told exactly."""

import pytest

from hullwatch.isolate.closing import Reading
from hullwatch.isolate.layout import Hatch, Layout, Section

WINDOW_S = 10.0


class PlainSite:
    """Constant loss in one section, noise-free readings with a stated uncertainty.

    Sides of a closed hatch fall as Q/V each; open, everything is at one pressure. `stuck` hatches
    never open again; `silent` sections say nothing; `slow_s` is what the crew takes.
    """

    def __init__(self, layout, leaking, rate, u_pa_s=1e-4):
        self.layout = layout
        self.leaking = leaking
        self.rate = rate
        self.u_pa_s = u_pa_s
        self.windows_s = (WINDOW_S, 60.0)
        self.t_s = 0.0
        self.closed = None
        self.stuck = set()
        self.silent = set()
        self.slow_s = 0.0
        self.rate_factor_closed = 1.0
        self.durations = []
        self.operations = []
        self.lowered = {section.name: [(0.0, 0.0)] for section in layout.sections}

    def now_s(self):
        return self.t_s

    def wait(self, until_s, why):
        self.t_s = max(self.t_s, until_s)

    def operate(self, hatch, opened):
        self.t_s += self.slow_s
        assert opened == (self.closed == hatch), "one hatch at a time, and the right one"
        self.operations.append((self.t_s, hatch, opened))
        if opened:
            self.durations.append((hatch, self.t_s - self._closed_s))
            self.closed = None
        else:
            self.closed = hatch
            self._closed_s = self.t_s

    def _state(self, t_s):
        """(hatch closed at t or None, time since)."""
        state = (None, 0.0)
        for at_s, hatch, opened in self.operations:
            if at_s > t_s:
                break
            if opened and hatch in self.stuck:
                continue
            state = (None if opened else hatch, at_s)
        return state

    def _slope_and_lag(self, section, t_s):
        """Slope now, and what it is below the common fall since the hatch closed."""
        whole = self.layout.volume_m3(self.layout.names)
        hatch, since_s = self._state(t_s)
        if hatch is None:
            return -self.rate / whole, 0.0
        first = self.layout.side(hatch)
        side = first if section in first else self.layout.names - first
        rate = self.rate * self.rate_factor_closed if self.leaking in side else 0.0
        slope = -rate / self.layout.volume_m3(side)
        return slope, (slope + self.rate / whole) * (t_s - since_s)

    def readings(self, window_s, since_s, until_s):
        found = []
        for section in self.layout.sections:
            if not section.node or section.name in self.silent:
                continue
            start_s = -(-since_s // window_s) * window_s
            while start_s + window_s <= min(until_s, self.t_s):
                middle = start_s + window_s / 2
                slope, lag = self._slope_and_lag(section.name, middle)
                whole = self.layout.volume_m3(self.layout.names)
                found.append(
                    Reading(section.name, start_s, start_s + window_s, slope, self.u_pa_s,
                            101_325.0 - self.rate / whole * middle + lag, "full_profile")
                )  # fmt: skip
                start_s += window_s
        return found


@pytest.fixture
def plain_site():
    return PlainSite


@pytest.fixture
def chain():
    """Sections a-b-c-d in a row, 10 m3 each; hatches ab, bc, cd."""

    def make(nodes="abcd", volumes=(10.0, 10.0, 10.0, 10.0), **rest):
        return Layout(
            tuple(
                Section(name, volume, f"n{name}" if name in nodes else "")
                for name, volume in zip("abcd", volumes, strict=True)
            ),
            tuple(Hatch(f"{a}{b}", (a, b)) for a, b in ("ab", "bc", "cd")),
            **rest,
        )

    return make

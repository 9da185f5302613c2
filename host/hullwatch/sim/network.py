"""A network of sections in time, integrated as far as it is asked for.

Dormand-Prince 5(4) with local error control, steps of at most `step_max_s`, ending on every event;
between them cubic Hermite. The shortest time constant limits the steps to about three
times itself: give a wide hatch the conductance that equalises in seconds rather than the
one it has. Virtual time only.
Threads may share one: each question and each change is done before the next begins.
"""

from bisect import bisect_right
from threading import Lock
from typing import Final, NamedTuple

import numpy as np

from hullwatch.errors import InputError
from hullwatch.sim.networkphysics import NetworkPhysics, SectionState, Vector
from hullwatch.sim.networkspec import NetworkSpec

_STEP_MIN_US: Final = 1
_STEP_FIRST_S: Final = 1e-3
# Local error a step, of the section's amount and of 300 K.
_TOLERANCE: Final = 1e-9
_SHRINK_MOST, _GROW_MOST, _SAFETY = 0.2, 5.0, 0.9
_KEPT_NODES: Final = 1 << 15
# How far one step may look beyond what was asked for.
_AHEAD_US: Final = 60_000_000

# Dormand and Prince 1980: nodes, stages, and fifth minus fourth order.
_C: Final = (0.2, 0.3, 0.8, 8 / 9, 1.0, 1.0)
_A: Final = tuple(
    np.array(row)
    for row in (
        (1 / 5,),
        (3 / 40, 9 / 40),
        (44 / 45, -56 / 15, 32 / 9),
        (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
        (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
        (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
    )
)
_E: Final = np.array((71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40))


class _Node(NamedTuple):
    """A time with its state, and the derivatives before and after what happens there."""

    t_us: int
    state: Vector
    before: Vector
    after: Vector


class Network:
    """The network of ``spec`` over time; times are integer microseconds from the start.

    InputError when the spec is impossible.
    """

    def __init__(self, spec: NetworkSpec) -> None:
        spec.check()
        self.spec = spec
        self._lock = Lock()
        self._physics = physics = NetworkPhysics(spec)
        self._path_index = {name: at for at, name in enumerate(physics.paths)}
        self._tolerance = _TOLERANCE * physics.scale()
        self._step_s = _STEP_FIRST_S
        self._due = sorted(spec.events, key=lambda event: event.at_s)
        self._settled_us = 0
        state = physics.start()
        rate = physics.rates(0.0, state)
        self._nodes = [_Node(0, state, rate, rate)]
        self._t_us = [0]

    # -- questions --------------------------------------------------------

    def section(self, name: str, t_us: int) -> SectionState:
        """A section at ``t_us`` (>= 0); KeyError for none, ValueError before the kept past."""
        with self._lock:
            return self._physics.section(self._physics.sections[name], self._at(t_us))

    def moved_mol(self, path: str, t_us: int) -> float:
        """What a path has moved from its first end to its second since the start, mol."""
        with self._lock:
            return float(self._at(t_us)[self._path_index[path]])

    def outgassed_mol(self, section: str, t_us: int) -> float:
        """What a section's surfaces have given off since the start, mol."""
        with self._lock:
            return float(self._at(t_us)[len(self._path_index) + self._physics.sections[section]])

    def boundary_pa(self, name: str, t_us: int) -> float:
        """Pressure of a boundary at ``t_us``; KeyError for none."""
        return self._physics.boundaries[name].at(t_us * 1e-6)

    def is_open(self, path: str) -> bool:
        """Whether a path is open at the latest time that was reached."""
        return self._physics.paths[path].open

    def operate(self, t_us: int, path: str, opened: bool) -> None:
        """Open or close a path at ``t_us``; KeyError for none.

        What was integrated beyond is taken back. ValueError before the latest event or
        operation.
        """
        with self._lock:
            changed = self._physics.paths[path]
            self._go_to(t_us)
            changed.change(t_us * 1e-6, opened, None, None)
            self._settle()

    def pass_flow(self, t_us: int, path: str, mol_s: float) -> None:
        """Give a path the size with which it passes so much at ``t_us``, as `operate` opens one.

        InputError when the pressures of then cannot drive it.
        """
        with self._lock:
            self._go_to(t_us)
            resized = self._physics.paths[path]
            t_s = t_us * 1e-6
            before = resized.size_at(t_s)
            resized.change(t_s, None, 1.0, None)  # every law is proportional to its size
            of_one = self._physics.rates(t_s, self._nodes[-1].state)[self._path_index[path]]
            driven = mol_s * of_one > 0.0
            size = mol_s / of_one if driven else before if mol_s else 0.0
            resized.change(t_s, None, size, None)
            self._settle()
        if mol_s and not driven:
            raise InputError(
                f"path {path} cannot pass {mol_s:g} mol/s", "the pressures at its ends forbid it"
            )

    @property
    def settled_us(self) -> int:
        """When a path was changed last: before that nothing can be changed any more."""
        return self._settled_us

    # -- time -------------------------------------------------------------

    def _go_to(self, t_us: int) -> None:
        """Make ``t_us`` the latest node."""
        while self._nodes[-1].t_us > t_us:
            if len(self._nodes) == 1 or self._nodes[-2].t_us < self._settled_us:
                raise ValueError(f"{t_us} us is in the past")
            self._nodes.pop()
            self._t_us.pop()
        while self._nodes[-1].t_us < t_us:
            self._step(t_us)

    def _settle(self) -> None:
        """A path has changed at the latest node: from here on other derivatives hold."""
        node = self._nodes[-1]
        after = self._physics.rates(node.t_us * 1e-6, node.state)
        self._nodes[-1] = node._replace(after=after)
        self._settled_us = node.t_us
        self._step_s = _STEP_FIRST_S

    def _step(self, end_us: int) -> None:
        """Do what is due now, then one step, to the next event or ``end_us`` at most."""
        now_us = self._nodes[-1].t_us
        while self._due and round(self._due[0].at_s * 1e6) <= now_us:
            event = self._due.pop(0)
            self._physics.paths[event.path].change(
                now_us * 1e-6, event.open, event.size, event.growth_per_s
            )
            self._settle()
        if self._due:
            end_us = min(end_us, round(self._due[0].at_s * 1e6))
        self._advance(end_us - now_us)

    def _advance(self, most_us: int) -> None:
        """One step of at most ``most_us``, as long as its error permits."""
        node = self._nodes[-1]
        while True:
            # Cut, not rounded: a refused step must come back shorter.
            step_us = min(max(int(self._step_s * 1e6), _STEP_MIN_US), most_us)
            state, error = self._tried(node, step_us * 1e-6)
            grown = min(_SAFETY * error**-0.2, _GROW_MOST) if error > 0.0 else _GROW_MOST
            if error <= 1.0 or step_us <= _STEP_MIN_US:
                break
            self._step_s = step_us * 1e-6 * max(grown, _SHRINK_MOST)
        # A step cut short by an event says nothing about the next one's length.
        if step_us < most_us or grown < 1.0:
            self._step_s = min(step_us * 1e-6 * grown, self.spec.step_max_s)
        t_us = node.t_us + step_us
        rate = self._physics.rates(t_us * 1e-6, state)
        if len(self._nodes) >= _KEPT_NODES:
            del self._nodes[: _KEPT_NODES // 4]
            del self._t_us[: _KEPT_NODES // 4]
        self._nodes.append(_Node(t_us, state, rate, rate))
        self._t_us.append(t_us)

    def _tried(self, node: _Node, step_s: float) -> tuple[Vector, float]:
        """The state after one step, and its largest error in units of the tolerance."""
        t_s = node.t_us * 1e-6
        slopes = np.empty((len(_E), len(node.state)))
        slopes[0] = node.after
        state = node.state
        for stage, (share, weights) in enumerate(zip(_C, _A, strict=True), 1):
            state = node.state + step_s * (weights @ slopes[:stage])
            slopes[stage] = self._physics.rates(t_s + share * step_s, state)
        error = step_s * (_E @ slopes)
        return state, float(np.max(np.abs(error) / self._tolerance))

    def _at(self, t_us: int) -> Vector:
        """The state at ``t_us``."""
        if t_us < self._t_us[0]:
            raise ValueError(f"network state at {t_us} us: kept only from {self._t_us[0]} us")
        while self._nodes[-1].t_us < t_us:
            self._step(t_us + max(_AHEAD_US, round(self.spec.step_max_s * 1e6)))
        left = bisect_right(self._t_us, t_us) - 1
        node = self._nodes[left]
        if node.t_us == t_us:
            return node.state
        after = self._nodes[left + 1]
        span_us = after.t_us - node.t_us
        x = (t_us - node.t_us) / span_us
        rise = after.state - node.state
        a = node.after * (span_us * 1e-6) - rise
        b = rise - after.before * (span_us * 1e-6)
        between: Vector = node.state + x * rise + x * (1.0 - x) * ((1.0 - x) * a + x * b)
        return between

"""The simulated chamber in time: integrates its section as far as it is asked for.

Classical Runge-Kutta of fourth order, on steps of at most 2 s, a tenth of the shortest
time constant and a tenth of the time the leak would need to equalise; between the nodes
cubic Hermite, so a query costs the same at any rate and sees a smooth pressure. Virtual
time only: nothing runs unless asked.

Not safe to share between threads.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import NamedTuple

from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.gas import MOLAR_GAS_CONSTANT
from hullwatch.sim.hermite import Cubic, cubic, value_at
from hullwatch.sim.section import Section, State
from hullwatch.sim.truth import ChamberTruth, LossHistory

_STEP_MAX_S = 2.0
_STEP_SHARE = 0.1
_STEP_MIN_S = 1e-4
# Once pressures differ by no more than this share the leak only follows the temperature:
# longer steps are stable (to 2.7) and leave a gross leak's breathing right.
_EVEN_SHARE = 1e-3
_STEP_SHARE_EVEN = 0.5
_KEPT_NODES = 4096  # full states for queries that go back a little: over two hours at 2 s
_FLAT: Cubic = (0.0, 0.0, 0.0, 0.0)


class ChamberState(NamedTuple):
    """The section at one time, pressure absolute."""

    amount_mol: float
    pressure_pa: float
    gas_k: float
    wall_k: float
    probe_k: float
    room_k: float
    p_out_pa: float


class _Node(NamedTuple):
    t_us: int
    state: State
    rate: State
    room_k: float
    p_out_pa: float


class Chamber:
    """One section with one leak over time; times are integer microseconds from the start.

    ``section`` holds the physics and the sized leak, ``truth`` the book-keeping: all that leaves,
    through valves too.
    InputError when the spec is impossible.
    """

    def __init__(self, spec: ChamberSpec, section: Section | None = None) -> None:
        self.spec = spec
        self.section = section = section or Section(spec)
        shortest_s = min(spec.gas_tau_s, spec.wall_tau_s, spec.probe_tau_s)
        self._step_cap_s = min(_STEP_MAX_S, _STEP_SHARE * shortest_s)
        self._history = LossHistory()
        self.truth = ChamberTruth(self, spec.t_ref_k)
        self._nodes: list[_Node] = []
        self._node_t_us: list[int] = []
        self._segment = 0
        self._segment_t_us = 0
        self._segment_per_us = 0.0
        self._pressure_cubic = _FLAT
        self._probe_cubic = _FLAT
        room_k, p_out_pa = section.room.at(0.0), section.outside.at(0.0)
        rate = section.rates(section.start, room_k, p_out_pa)
        self._keep(_Node(0, section.start, rate, room_k, p_out_pa))
        self._step()
        self._open_segment(0)

    def pressure_and_probe(self, t_us: int) -> tuple[float, float]:
        """True gas pressure (Pa) and probe temperature (K) at ``t_us`` (>= 0).

        Asking ahead integrates up to there; going back works within the kept nodes (over
        two hours at the usual step), else ValueError.
        """
        x = (t_us - self._segment_t_us) * self._segment_per_us
        if x < 0.0 or x > 1.0:
            self._seek(t_us)
            x = (t_us - self._segment_t_us) * self._segment_per_us
        p0, p1, p2, p3 = self._pressure_cubic
        k0, k1, k2, k3 = self._probe_cubic
        return p0 + x * (p1 + x * (p2 + x * p3)), k0 + x * (k1 + x * (k2 + x * k3))

    def outside_pa(self, t_us: int) -> float:
        """Absolute pressure outside (Pa) at ``t_us`` (>= 0)."""
        return self.section.outside.at(t_us * 1e-6)

    def state(self, t_us: int) -> ChamberState:
        """The whole state at ``t_us``, under the limits of ``pressure_and_probe``."""
        self._seek(t_us)
        node = self._at(t_us)
        return ChamberState(
            self.section.amount_mol(node.state),
            self.section.pressure_pa(node.state),
            *node.state[1:],
            node.room_k,
            node.p_out_pa,
        )

    def lost_mol(self, t_us: int) -> float:
        """Amount lost from the start to ``t_us``, mol; any time from 0 on."""
        self._reach(t_us)
        return self._history.lost_mol(t_us)

    def change(self, t_us: int, alter: Callable[[], None]) -> None:
        """``alter()`` makes the section another from ``t_us`` on; what was asked ahead is void."""
        self._seek(t_us)
        left = bisect_left(self._node_t_us, t_us)
        exact = self._node_t_us[left] == t_us  # changed at this time before: keeps its old rates
        old = self._nodes[left] if exact else self._at(t_us)
        del self._nodes[left:]
        del self._node_t_us[left:]
        self._history.cut(t_us)
        self._keep(old)
        alter()
        # a microsecond later: on one side of it the old rates hold, on the other the new ones
        rate = self.section.rates(old.state, old.room_k, old.p_out_pa)
        self._keep(_Node(t_us + 1, _moved(old.state, rate, 1e-6), rate, old.room_k, old.p_out_pa))
        self._open_segment(len(self._nodes) - 2)

    def set_leak(self, t_us: int, leak_pa_m3_s: float) -> None:
        """From ``t_us`` on another leak of the same kind, that size in the state of then.

        InputError when the pressures cannot drive it.
        """
        self._seek(t_us)
        now = self._at(t_us)
        flow_mol_s = leak_pa_m3_s / (MOLAR_GAS_CONSTANT * self.spec.t_ref_k)
        self.change(
            t_us,
            lambda: self.section.resize_leak(flow_mol_s, now.state, now.room_k, now.p_out_pa),
        )

    def warm_room(self, t_us: int, by_k: float) -> None:
        """From ``t_us`` on the room is ``by_k`` warmer."""
        self.change(t_us, lambda: self.section.warm_room(by_k))

    def _at(self, t_us: int) -> _Node:
        """A node at that time, between two nodes."""
        left, right = self._nodes[self._segment], self._nodes[self._segment + 1]
        span_s = (right.t_us - left.t_us) * 1e-6
        x = (t_us - left.t_us) * self._segment_per_us
        lost, gas_k, wall_k, probe_k = (
            value_at(cubic(a, b, da * span_s, db * span_s), x)
            for a, b, da, db in zip(left.state, right.state, left.rate, right.rate, strict=True)
        )
        state = (lost, gas_k, wall_k, probe_k)
        room_k, p_out_pa = self.section.room.at(t_us * 1e-6), self.section.outside.at(t_us * 1e-6)
        return _Node(t_us, state, self.section.rates(state, room_k, p_out_pa), room_k, p_out_pa)

    def _reach(self, t_us: int) -> None:
        while self._nodes[-1].t_us < t_us:
            self._step()

    def _seek(self, t_us: int) -> None:
        self._reach(t_us)
        if t_us < self._node_t_us[0]:
            first_s = self._node_t_us[0] * 1e-6
            raise ValueError(f"chamber state at {t_us * 1e-6:g} s: kept only from {first_s:g} s")
        at = bisect_right(self._node_t_us, t_us) - 1
        self._open_segment(min(at, len(self._nodes) - 2))

    def _open_segment(self, at: int) -> None:
        left, right = self._nodes[at], self._nodes[at + 1]
        section = self.section
        span_us = right.t_us - left.t_us
        span_s = span_us * 1e-6
        self._segment = at
        self._segment_t_us = left.t_us
        self._segment_per_us = 1.0 / span_us
        self._pressure_cubic = cubic(
            section.pressure_pa(left.state),
            section.pressure_pa(right.state),
            section.pressure_rate_pa_s(left.state, left.rate) * span_s,
            section.pressure_rate_pa_s(right.state, right.rate) * span_s,
        )
        self._probe_cubic = cubic(
            left.state[3], right.state[3], left.rate[3] * span_s, right.rate[3] * span_s
        )

    def _keep(self, node: _Node) -> None:
        if len(self._nodes) >= 2 * _KEPT_NODES:
            del self._nodes[:_KEPT_NODES]
            del self._node_t_us[:_KEPT_NODES]
        self._nodes.append(node)
        self._node_t_us.append(node.t_us)
        self._history.append(node.t_us, node.state[0], node.rate[0])

    def _step_length_us(self, node: _Node) -> int:
        section = self.section
        closing = section.equalising_per_s(node.state, node.room_k, node.p_out_pa)
        pressure = section.pressure_pa(node.state)
        even = abs(pressure - node.p_out_pa) < _EVEN_SHARE * pressure
        leak_share = _STEP_SHARE_EVEN if even else _STEP_SHARE
        step_s = self._step_cap_s
        if closing * step_s > leak_share:
            step_s = max(leak_share / closing, _STEP_MIN_S)
        return round(step_s * 1e6)

    def _step(self) -> None:
        section = self.section
        node = self._nodes[-1]
        step_us = self._step_length_us(node)
        step_s = step_us * 1e-6
        mid_s, end_s = node.t_us * 1e-6 + 0.5 * step_s, node.t_us * 1e-6 + step_s
        room_mid, p_out_mid = section.room.at(mid_s), section.outside.at(mid_s)
        room_k, p_out_pa = section.room.at(end_s), section.outside.at(end_s)
        r1 = node.rate
        r2 = section.rates(_moved(node.state, r1, 0.5 * step_s), room_mid, p_out_mid)
        r3 = section.rates(_moved(node.state, r2, 0.5 * step_s), room_mid, p_out_mid)
        r4 = section.rates(_moved(node.state, r3, step_s), room_k, p_out_pa)
        mean = (
            (r1[0] + 2.0 * (r2[0] + r3[0]) + r4[0]) / 6.0,
            (r1[1] + 2.0 * (r2[1] + r3[1]) + r4[1]) / 6.0,
            (r1[2] + 2.0 * (r2[2] + r3[2]) + r4[2]) / 6.0,
            (r1[3] + 2.0 * (r2[3] + r3[3]) + r4[3]) / 6.0,
        )
        state = _moved(node.state, mean, step_s)
        rate = section.rates(state, room_k, p_out_pa)
        self._keep(_Node(node.t_us + step_us, state, rate, room_k, p_out_pa))


def _moved(state: State, rate: State, dt_s: float) -> State:
    """``state`` after ``dt_s`` at constant ``rate``."""
    return (
        state[0] + dt_s * rate[0],
        state[1] + dt_s * rate[1],
        state[2] + dt_s * rate[2],
        state[3] + dt_s * rate[3],
    )

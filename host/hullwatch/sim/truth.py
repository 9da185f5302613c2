"""What really leaked: the simulated chamber's own book-keeping.

Only tests and the summary of a simulated run may ask; nothing that estimates does.
"""

from array import array
from bisect import bisect_left, bisect_right
from typing import Protocol

from hullwatch.sim.gas import MOLAR_GAS_CONSTANT
from hullwatch.sim.hermite import cubic, value_at

MAX_NODES = 1 << 20
"""24 bytes a node: 25 MB. At the usual 2 s step that is every node for 24 days."""


class LossHistory:
    """Amount lost over time: nodes (time, amount, rate) with cubic Hermite between them.

    Bounded: when ``max_nodes`` is reached the older three quarters are thinned out to an even
    spacing of 4/``max_nodes`` of the run so far (two minutes after a year), which still
    follows every slow change; the newest quarter keeps every node.
    """

    def __init__(self, max_nodes: int = MAX_NODES) -> None:
        self._max_nodes = max_nodes
        self._t_us = array("q")
        self._lost_mol = array("d")
        self._rate_mol_s = array("d")

    def __len__(self) -> int:
        return len(self._t_us)

    def append(self, t_us: int, lost_mol: float, rate_mol_s: float) -> None:
        """Add the next node; times must rise."""
        if len(self._t_us) >= self._max_nodes:
            self._thin()
        self._t_us.append(t_us)
        self._lost_mol.append(lost_mol)
        self._rate_mol_s.append(rate_mol_s)

    def cut(self, t_us: int) -> None:
        """Forget the nodes from ``t_us`` on: what follows has become another."""
        keep = bisect_left(self._t_us, t_us)
        del self._t_us[keep:]
        del self._lost_mol[keep:]
        del self._rate_mol_s[keep:]

    def _thin(self) -> None:
        times = self._t_us
        recent = len(times) * 3 // 4
        # Evenly over all that is older, a quarter of the nodes at most: thinning again and
        # again must not starve the oldest part.
        spacing_us = 4 * (times[-1] - times[0]) // len(times)
        kept = array("q")
        due_us = times[0]
        for at in range(recent):
            if times[at] >= due_us:
                kept.append(at)
                due_us = times[at] + spacing_us
        lost, rate = self._lost_mol, self._rate_mol_s
        self._t_us = array("q", [times[at] for at in kept]) + times[recent:]
        self._lost_mol = array("d", [lost[at] for at in kept]) + lost[recent:]
        self._rate_mol_s = array("d", [rate[at] for at in kept]) + rate[recent:]

    def lost_mol(self, t_us: int) -> float:
        """Amount lost from the start to ``t_us``; ValueError outside the nodes."""
        times = self._t_us
        if not times or not times[0] <= t_us <= times[-1]:
            raise ValueError(f"no history at {t_us} us")
        left = bisect_right(times, t_us) - 1
        if times[left] == t_us:
            return self._lost_mol[left]
        span_us = times[left + 1] - times[left]
        span_s = span_us * 1e-6
        course = cubic(
            self._lost_mol[left],
            self._lost_mol[left + 1],
            self._rate_mol_s[left] * span_s,
            self._rate_mol_s[left + 1] * span_s,
        )
        return value_at(course, (t_us - times[left]) / span_us)


class Truth(Protocol):
    """Who can say what the leak really was, or None where nobody can (recorded data)."""

    def mean_loss_pa_m3_s(self, t0_us: int, t1_us: int) -> float | None:
        """Mean true molar loss from t0 to t1 x R x T_ref, Pa m3/s; positive = gas lost."""
        ...


class LossSource(Protocol):
    """A section whose loss since the start is known at any time reached or ahead."""

    def lost_mol(self, t_us: int) -> float:
        """Amount lost from the start to ``t_us``, mol."""
        ...


class ChamberTruth:
    """Truth of one simulated section, stated at ``t_ref_k``."""

    def __init__(self, section: LossSource, t_ref_k: float) -> None:
        self._section = section
        self._t_ref_k = t_ref_k

    def mean_loss_pa_m3_s(self, t0_us: int, t1_us: int) -> float:
        """Mean true molar loss from t0 to t1 (t0 < t1) x R x T_ref, Pa m3/s."""
        if t1_us <= t0_us:
            raise ValueError(f"window from {t0_us} us to {t1_us} us is empty")
        # The later end first: it makes the chamber reach the whole window.
        lost_1 = self._section.lost_mol(t1_us)
        lost_0 = self._section.lost_mol(t0_us)
        flow_mol_s = (lost_1 - lost_0) / ((t1_us - t0_us) * 1e-6)
        return flow_mol_s * MOLAR_GAS_CONSTANT * self._t_ref_k


class UnknownTruth:
    """Recorded data: the true leak was never known."""

    def mean_loss_pa_m3_s(self, t0_us: int, t1_us: int) -> None:
        """Always None."""
        return

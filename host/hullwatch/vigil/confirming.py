"""Two parties: nodes on one chamber, or a node's windows and the host's own fit of its samples."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from hullwatch.analysis.agreement import joint
from hullwatch.analysis.budget import Quantity
from hullwatch.analysis.masspoint import mass_point
from hullwatch.calibration.spans import FEWEST, SpanMean, span_mean
from hullwatch.errors import InputError
from hullwatch.store import BootKey, Reader
from hullwatch.units.constants import R
from hullwatch.vigil.following import Followed
from hullwatch.vigil.states import Confirmation
from hullwatch.vigil.windows import TimedWindow

NONE = Confirmation("", (), "no second party: another node on the chamber, or raw samples")
_MOST_SAMPLES = 2_000_000  # a day at 10 Hz is 864,000


def confirmed(reader: Reader, followed: dict[str, Followed]) -> Confirmation:
    """Compare the nodes of a chamber over the newest span that all of them cover."""
    if len(followed) < 2:
        ((node, one),) = followed.items()
        return _by_samples(reader, node, one)
    newest = [one.used[-FEWEST:] for one in followed.values()]
    if not all(newest):
        return Confirmation("", tuple(followed), "a node has no window that counts")
    start = max(rows[0].earliest_us for rows in newest)
    past = min(rows[-1].latest_us for rows in newest)
    if past <= start:
        return Confirmation("", tuple(followed), "the nodes' newest windows do not overlap in time")
    try:
        means = {node: span_mean(reader, node, start, past + 1) for node in followed}
        found = joint([_quantity(node, mean) for node, mean in means.items()])
    except InputError as error:
        return Confirmation("", tuple(followed), error.message)
    limit = min(one.criteria.cease_limit_pa_m3_s for one in followed.values())
    states = {one.state for one in followed.values()}
    verdict = found.verdict(limit) if "CEASED" in states else found.verdict()
    worst = max(found.pairs, key=lambda pair: pair.e_n)
    words = f"{' and '.join(worst.names)}: E_n = {worst.e_n:.2f}"
    if len(states) > 1:
        words += f"; states differ: {', '.join(sorted(states))}"
    return Confirmation(verdict, tuple(followed), words)


def _quantity(node: str, mean: SpanMean) -> Quantity:
    u = math.hypot(mean.leak_rate.u, mean.u_systematic or 0.0)
    return replace(mean.leak_rate, name=node, u=u)


def _by_samples(reader: Reader, node: str, one: Followed) -> Confirmation:
    """The newest window against a mass-point fit of its samples in floating point.

    A check of the device's arithmetic, not of its sensor: a second node is more.
    """
    if not one.used:
        return NONE
    window = one.used[-1]
    rate = _mass_point(reader, node, window)
    if rate is None:
        return NONE
    told = window.record.integer("leak_rate_fpa_m3_s") / 1e15
    half = window.record.integer("u95_leak_fpa_m3_s") / 1e15
    parties = (f"{node} on the device", "mass-point fit of its samples on the host")
    verdict = "agree" if abs(rate - told) <= half else "disagree"
    return Confirmation(
        verdict, parties, f"{told:.3g} and {rate:.3g} Pa·m³/s, half-width {half:.2g}"
    )


def _mass_point(reader: Reader, node: str, window: TimedWindow) -> float | None:
    record, config = window.record, window.config
    first, past = record.integer("first"), record.integer("last") + 1
    if past - first > _MOST_SAMPLES or config.integer("pressure_kind"):
        return None
    boot = BootKey(node, record.epoch, record.boot)
    raw = reader.raw(boot, first, past)
    hours = (raw.sample - first) * (config.integer("period_us") / 3.6e9)
    if len(hours) < record.integer("n") or len(hours) < 4:
        return None
    t_ref_k = config.integer("t_ref_mk") / 1000
    temperature = (
        raw.t_q16 / 65536 if config.integer("compensation") else np.full(len(hours), t_ref_k)
    )
    fit = mass_point(hours, raw.p_q8 / 256, temperature, config.integer("volume_ul") / 1e9)
    return fit.leak_mol_s * float(R) * t_ref_k

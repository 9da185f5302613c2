"""What a test recipe may be on a node with its configuration: refused before anything moves.

And what it is there: the Measurement of its test, how long that measures. Host and node check with
this module; the node forgets it again.
"""

from hullcore.compat import const
from hullcore.interlocks import BLANKING, BLEED, EVACUATE, FILL, ISOLATE, VENT, conflict
from hullcore.measurement import Measurement
from hullcore.recipe import BLANK, DIFFERENTIAL, RISE

_KINDS = const(5)
_LAWS = const(3)
_MAX_BLOCKS = const(255)
_BLOCK = const(181)  # hullcore.plan.MAX_BLOCK
_LONGEST_MS = const(86400000)
_MOST_FLEXIBLE = const(10)  # the vessel's compliance may add a tenth of the volume
_P_MAX = const(4190000)


class RecipeError(ValueError):
    """A recipe is refused: `field` names the value (a field of RECIPE), the text says why."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


def _need(good: bool, field: str, text: str) -> None:
    if not good:
        raise RecipeError(field, text)


def check(recipe, config: dict, rows: tuple, wiring: int) -> None:
    """Refuse (RecipeError) what must not start on a node with this configuration.

    `rows` and `wiring` are the outputs and the CRC of their setting.
    """
    _need(recipe.wiring == wiring, "wiring", "it was made for other outputs; make it anew")
    _check_numbers(recipe)
    _check_valves(recipe, rows)
    _check_pressures(recipe, config)
    _check_uncertainty(recipe, config)
    _check_times(recipe, config)


def check_range(r, config: dict, lowest_pa: int, highest_pa: int) -> None:
    """Refuse (RecipeError) what the sensor cannot see; only a node knows its sensor's range."""
    seen = "%d to %d Pa that the sensor measures" % (lowest_pa, highest_pa)
    low = r.target_pa - r.tolerance_pa
    high = r.target_pa + r.tolerance_pa
    _need(lowest_pa <= low and high <= highest_pa, "target_pa", "not within the " + seen)
    _need(
        config["overpressure_pa"] <= highest_pa, "wiring", "overpressure_pa is beyond the " + seen
    )


def _check_numbers(r) -> None:
    _need(0 <= r.kind < _KINDS, "kind", "no such kind of test")
    _need(r.limit_fpa_m3_s > 0, "limit_fpa_m3_s", "the limit must be more than zero")
    _need(1 <= r.tries <= 3, "tries", "1 to 3 tries")
    _need(r.gross_pa > 0, "gross_pa", "needs the pressure loss at which a part leaks grossly")
    _need(r.vented in (0, 1), "vented", "0 or 1")
    _need(r.seat_fpa_m3_s >= -1, "seat_fpa_m3_s", "a bound is not negative; -1: not known")
    _need(r.goal_fpa_m3_s >= 0, "goal_fpa_m3_s", "not negative")
    if r.kind != BLANK:
        _need(
            r.seat_fpa_m3_s < r.limit_fpa_m3_s, "seat_fpa_m3_s",
            "what the seats may let in is as large as the limit: nothing could pass",
        )  # fmt: skip
    if r.goal_fpa_m3_s:
        _need(
            4 * r.goal_fpa_m3_s <= r.limit_fpa_m3_s, "goal_fpa_m3_s",
            "the uncertainty must be at most a quarter of the limit",
        )  # fmt: skip


def _check_valves(r, rows: tuple) -> None:
    _need(r.uses >> len(rows) == 0, "uses", "no such output")
    kinds = [rows[k][2] for k in range(len(rows)) if r.uses >> k & 1]
    _need(
        (EVACUATE if r.kind == RISE else FILL) in kinds, "uses",
        "vacuum_rise needs an evacuate output, every other kind a fill output",
    )  # fmt: skip
    _need((FILL if r.kind == RISE else EVACUATE) not in kinds, "uses", "fill or evacuate, not both")
    _need(VENT in kinds, "uses", "needs a vent output")
    _need(BLEED not in kinds or ISOLATE in kinds, "uses", "a bleed needs an isolate output")
    _need(r.kind != BLANK or BLANKING in kinds, "uses", "tight_blank needs a blanking output")
    for mask in r.masks(rows):
        k = conflict(rows, mask)
        _need(k < 0, "uses", "a phase would break the interlock of " + rows[max(k, 0)][1])


def _check_pressures(r, config: dict) -> None:
    cut = config["overpressure_pa"]
    outside = config["p_out_pa"] if config["pressure_kind"] == "abs" else 0
    low = r.target_pa - r.tolerance_pa
    high = r.target_pa + r.tolerance_pa
    _need(0 < r.tolerance_pa < _P_MAX, "tolerance_pa", "needs a tolerance")
    _need(r.target_pa < _P_MAX and low >= 0, "target_pa", "outside what can be measured")
    _need(high < cut, "target_pa", "target and tolerance reach the over-pressure cut, %d Pa" % cut)
    if r.kind == RISE:
        _need(high < outside, "target_pa", "a vacuum is below the pressure outside")
        _need(r.target_pa + r.gross_pa < cut, "gross_pa", "reaches the over-pressure cut")
    else:
        _need(low > outside, "target_pa", "not above the pressure outside, %d Pa" % outside)
        _need(r.gross_pa <= r.target_pa - outside, "gross_pa", "more than there is to lose")
    if r.law:
        _need(r.law < _LAWS, "law", "no such flow law")
        _need(config["pressure_kind"] == "abs", "law", "a flow law needs absolute pressure")
        out = r.ref_out_pa - r.ref_in_pa if r.kind == RISE else r.ref_in_pa - r.ref_out_pa
        _need(out > 0, "ref_in_pa", "the reference pressures drive no leak of this kind")
    else:
        _need(not r.ref_in_pa and not r.ref_out_pa, "law", "reference pressures need a flow law")
    volume = r.volume_ul or config["volume_ul"]
    extra_ul = r.compliance_nl_pa * r.target_pa // 1000
    _need(
        extra_ul * _MOST_FLEXIBLE <= volume, "compliance_nl_pa",
        "a part that gives by more than a tenth of its volume is deformable: not this method",
    )  # fmt: skip


def _check_uncertainty(r, config: dict) -> None:
    _need(config["sensor"] != "none", "kind", "the node has no sensor")
    u_volume = r.u_volume_ppm if r.volume_ul else config["u_volume_ppm"]
    _need(u_volume > 0, "u_volume_ppm", "the volume is not calibrated: its uncertainty is 0")
    _need(
        config["temp_lag_ms"] >= 0, "kind",
        "no bound on the temperature error: set temp_lag_ms and temp_gradient_uk",
    )  # fmt: skip
    _need(
        config["settling_ms"] >= 0, "stabilise_ms",
        "no settling time constant is declared: set settling_ms",
    )  # fmt: skip
    if r.kind == DIFFERENTIAL:
        _need(
            config["compensation"] == "reference", "kind",
            "differential needs compensation=reference, a sensor in the reference chamber",
        )  # fmt: skip
    if r.goal_fpa_m3_s:
        _need(
            config["noise_profile"] == "calibrated", "goal_fpa_m3_s",
            "a predicted uncertainty needs noise_profile=calibrated",
        )  # fmt: skip


def _check_times(r, config: dict) -> None:
    period = config["period_us"]
    for name in ("fill_ms", "stabilise_ms", "vent_ms"):
        value = getattr(r, name)
        _need(0 < value <= _LONGEST_MS, name, "1 ms to a day")
    _need(
        16 * period <= r.measure_s * 1000000 <= _MAX_BLOCKS * _BLOCK * period, "measure_s",
        "16 to %d samples" % (_MAX_BLOCKS * _BLOCK),
    )  # fmt: skip
    if r.settle_ppm:
        _need(
            16 * period <= r.settle_s * 1000000 <= _BLOCK * 60 * period, "settle_s",
            "a settling window has 16 to %d samples" % (60 * _BLOCK),
        )  # fmt: skip
        _need(r.settle_s * 1000 <= r.stabilise_ms, "settle_s", "longer than the stabilising time")


def measurement_of(recipe, config: dict, lsb_q8: int, record: int, aux_lsb: int) -> Measurement:
    """The Measurement of a test: that of the node with the recipe's volume.

    The vessel's compliance adds to the volume what it grows up to the target pressure: a leak
    takes V·dp + p·dV. `lsb_q8`, `record`, `aux_lsb` as for Measurement.
    """
    values = dict(config)
    if recipe.volume_ul:
        values["volume_ul"] = recipe.volume_ul
        values["u_volume_ppm"] = recipe.u_volume_ppm
    values["volume_ul"] += recipe.compliance_nl_pa * recipe.target_pa // 1000
    return Measurement(values, lsb_q8, record, aux_lsb)


def predicted_s(recipe, m, known) -> int:
    """Shortest measuring time whose uncertainty, predicted from the profile, meets the goal.

    Known before the first sample is: the scatter of what is judged decides nothing. RecipeError
    when no time up to the recipe's own does.
    """
    if known is None:
        raise RecipeError("goal_fpa_m3_s", "no calibrated profile reaches that far")
    low = max(1, (16 * m.period_us + 999999) // 1000000)
    high = recipe.measure_s
    if _too_wide(recipe, m, known, high):
        raise RecipeError("goal_fpa_m3_s", "not reached within measure_s")
    while low < high:
        middle = (low + high) // 2
        if _too_wide(recipe, m, known, middle):
            low = middle + 1
        else:
            high = middle
    return low


def _too_wide(recipe, m, known, length_s: int) -> bool:
    from hullcore.slopeinterval import half_width

    n = length_s * 1000000 // m.period_us
    den = n * n * (n * n - 1) // 12
    half = half_width(known.profile, n, den, n, m.period_us, m.lsb_q8)[0]
    drift = m.drift_mpa_day * 1000000000 // 86400
    return (half + drift) * m.volume_ul > recipe.goal_fpa_m3_s * 1000000

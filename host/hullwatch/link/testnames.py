"""Names behind the numbers of tests: kinds, flow laws, phases, verdicts, reasons.

The node knows the numbers only (`hullcore.recipe`, `hullcore.verdict`, `hullnode.sequencer`); a
test holds them together.
"""

TEST_KINDS = ("pressure_decay", "vacuum_rise", "differential", "sealed_part", "tight_blank")
FLOW_LAWS = ("none", "laminar", "molecular")
PHASES = ("idle", "fill", "evacuate", "stabilise", "measure", "vent", "fault")
VERDICTS = ("PASS", "FAIL", "RETEST", "GROSS", "INVALID")
REASONS = (
    ("noise_only", "no bound on the temperature error is declared: set temp_lag_ms"),
    ("no_interval", "the window has no interval"),
    ("resolution", "the resolution is not ten times finer than the limit: measure longer"),
    ("accuracy", "the uncertainty is more than a quarter of the limit"),
    ("change", "the pressure changed by a tenth or more: not a small leak's measurement"),
    ("drive", "the pressure was outside target and tolerance"),
    ("gaps", "more than a tenth of the samples is missing"),
    ("seat", "the supply stayed pressurised and no seat bound is known: run a tight-blank test"),
    ("reversed", "gas went the wrong way by more than the uncertainty: seat, temperature, weather"),
    ("saturated", "a number is at its limit"),
    ("stale", "the sensor repeated itself"),
    ("fill", "the target pressure was not reached in time"),
    ("settling", "the settling slope did not fall below its share of the limit in time"),
    ("dropped", "the pressure fell by more than the gross limit"),
    ("outputs", "a fault made the outputs safe; the event before says which"),
    ("sensor", "the sensor stopped delivering"),
    ("aborted", "somebody ended it"),
    ("retests", "no retest was left, and the limit not shown to be kept"),
    ("law", "the flow law does not hold at these pressures"),
    ("compensation", "temperature compensation made it worse"),
)
"""Bit k of TEST.reasons: short name, what to do or what it means."""


def reason_names(bits: int) -> tuple[str, ...]:
    """Short names of the set bits; bits without a name as bitK."""
    return tuple(
        REASONS[k][0] if k < len(REASONS) else f"bit{k}"
        for k in range(bits.bit_length())
        if bits >> k & 1
    )

"""Fields of the records about leak tests; `hullwatch.link.recordkinds` makes the kinds of them."""

from __future__ import annotations

from hullwatch.link.fields import f

RECIPE_FIELDS = (
    f("name", "16s", "", "name of the recipe"),
    f("kind", "B", "", "index into hullwatch.link.testnames.TEST_KINDS"),
    f("uses", "B", "", "bit k: output k of the `outputs` setting takes part"),
    f("wiring", "I", "", "CRC-32 of the `outputs` setting it was made for"),
    f("target_pa", "I", "Pa", "test pressure"),
    f("tolerance_pa", "I", "Pa", "what the pressure may be off it"),
    f("fill_ms", "I", "ms", "longest time to reach the target; sealed_part: the time of filling"),
    f("stabilise_ms", "I", "ms", "stabilising time, or its longest when settle_ppm is not 0"),
    f("settle_ppm", "I", "ppm", "until settling is below this share of the limit; 0: fixed time"),
    f("settle_s", "H", "s", "length of the windows that settling is judged from"),
    f("measure_s", "I", "s", "measuring time, or its longest when goal_fpa_m3_s is not 0"),
    f("goal_fpa_m3_s", "q", "1e-15 Pa·m³/s", "predicted uncertainty to be reached; 0: fixed time"),
    f("vent_ms", "I", "ms", "venting time"),
    f("limit_fpa_m3_s", "q", "1e-15 Pa·m³/s", "largest permitted leak rate, at the reference pressures"),
    f("gross_pa", "I", "Pa", "distance from the target that is a gross leak"),
    f("seat_fpa_m3_s", "q", "1e-15 Pa·m³/s", "bound of what seats and fittings pass; −1 not known"),
    f("vented", "B", "", "1: the supply's valve vents its line when it closes"),
    f("tries", "B", "", "attempts permitted: 1 to 3; they share the risk of 2.5 %"),
    f("compliance_nl_pa", "I", "nL/Pa", "growth of the part's volume with pressure"),
    f("volume_ul", "Q", "µL", "test volume; 0: that of the configuration"),
    f("u_volume_ppm", "I", "ppm", "its standard uncertainty"),
    f("law", "B", "", "index into hullwatch.link.testnames.FLOW_LAWS"),
    f("ref_in_pa", "I", "Pa", "reference pressure inside, absolute; 0 without a law"),
    f("ref_out_pa", "I", "Pa", "reference pressure outside, absolute"),
)  # fmt: skip

TEST_FIELDS = (
    f("recipe", "I", "", "record number of the recipe"),
    f("config", "I", "", "record number of the configuration snapshot"),
    f("profile", "I", "", "record number of the noise profile used, NO_RECORD = none"),
    f("number", "I", "", "test number of this boot"),
    f("attempt", "B", "", "1 for a first test of the part"),
    f("verdict", "B", "", "index into hullwatch.link.testnames.VERDICTS"),
    f("ended", "B", "", "phase in which it was decided: index into hullwatch.link.testnames.PHASES"),
    f("reasons", "I", "", "bit set, see hullwatch.link.testnames.REASONS"),
    f("part", "32s", "", "part id"),
    f("first", "Q", "", "first sample number of the measuring phase"),
    f("last", "Q", "", "last sample number of it; before `first` when nothing was measured"),
    f("n", "I", "", "samples used"),
    f("started", "Q", "", "sample number that was due when filling began"),
    f("filled", "I", "", "samples of the filling phase; stabilising lasted from there to `first`"),
    f("p_start_q8", "i", "Pa/256", "pressure when measuring began"),
    f("p_end_q8", "i", "Pa/256", "last pressure before the verdict"),
    f("p_mean_q8", "i", "Pa/256", "mean pressure while measuring"),
    f("t_mean_q16", "i", "K/65536", "mean temperature while measuring"),
    f("dof", "I", "", "degrees of freedom of u_a"),
    f("rate_fpa_m3_s", "q", "1e-15 Pa·m³/s", "leak rate at T_ref and the reference pressures; out of "
      "the part, with vacuum_rise into it"),
    f("guard_fpa_m3_s", "q", "1e-15 Pa·m³/s", "guard band: k times the standard uncertainty; −1 none"),
    f("u_a_fpa_m3_s", "q", "1e-15 Pa·m³/s", "standard uncertainty from noise; −1 none"),
    f("u_b_fpa_m3_s", "q", "1e-15 Pa·m³/s", "standard uncertainty from systematic effects; −1 not bounded"),
    f("outgas_fpa_m3_s", "q", "1e-15 Pa·m³/s", "what of a vacuum's rise may be outgassing; 0 otherwise"),
)  # fmt: skip

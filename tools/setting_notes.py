"""What the documentation says of each setting of a node."""

NOTES: dict[str, tuple[str, str]] = {
    "name": ("", "name of the chamber"),
    "sensor": ("", "the chip; `none` measures nothing"),
    "sensor_model": (
        "",
        "of whichever sensor needs one: `hsc`: range of the part, as 001BAA; `ads1115`: 0.5-4.5V \
or 4-20mA; `lps28dfw`: 1260 or 4060",
    ),
    "range_low_pa": ("Pa", "pressure at 0.5 V or 4 mA"),
    "range_high_pa": ("Pa", "pressure at 4.5 V or 20 mA"),
    "shunt_mohm": ("mΩ", "resistor of a 4 to 20 mA loop"),
    "address": ("", "I²C address, 0 = the chip's default"),
    "aux_sensor": (
        "",
        "second chip: a probe, the pressure sensor of a reference chamber or a differential one \
between the two, the barometer of a gauge sensor",
    ),
    "aux_address": ("", "its I²C address, 0 = the chip's default, and a ds18b20's, which has none"),
    "i2c_sda": ("", "GPIO number of SDA"),
    "i2c_scl": ("", "GPIO number of SCL"),
    "i2c_khz": ("kHz", "I²C clock"),
    "period_us": ("µs", "sample period"),
    "oversampling": ("", "ratio, 0 = the largest that fits 80 % of the period and leaves 5 ms"),
    "compensation": (
        "",
        "normalised with: `sensor` the chip's temperature, `probe` another, `reference` a chamber",
    ),
    "pressure_kind": (
        "",
        "absolute (also gauge and barometer), gauge or differential; only absolute permits \
compensation",
    ),
    "volume_ul": ("µL", "test volume"),
    "gas": ("", "kept with every record"),
    "t_ref_mk": ("mK", "reference temperature of leak rate and normalised pressure"),
    "p_out_pa": ("Pa", "outside pressure, declared"),
    "temp_lag_ms": ("ms", "bound on the lag of the temperature sensor; −1: not declared"),
    "temp_gradient_uk": ("µK", "bound on what else gas and sensor temperature differ by"),
    "settling_ms": ("ms", "longest settling time constant; −1: not declared, 0: none"),
    "u_volume_ppm": ("ppm", "standard uncertainty of the volume"),
    "u_gain_ppm": ("ppm", "standard uncertainty of the sensor's gain"),
    "tempco_mpa_k": ("mPa/K", "bound on the sensor's temperature coefficient"),
    "drift_mpa_day": ("mPa/day", "bound on the sensor's drift"),
    "reference_pa": ("Pa", "pressure of the reference chamber at `t_ref_mk`; 0: not declared"),
    "reference_leak_mpa_day": (
        "mPa/day",
        "bound on the fall of that pressure by the reference chamber's own leak; −1: not declared",
    ),
    "reference_lag_ms": (
        "ms",
        "bound on the lag of its sensor behind its gas; −1: its tightness is not watched",
    ),
    "noise_profile": (
        "",
        "intervals from the noise seen so far, from a stored profile, or (`off`) from scatter",
    ),
    "windows_s": ("s", "window lengths, each 2 to 60 times the one before"),
    "outputs": ("", "valves: `PIN:NAME:KIND:nc` or `no`:longest s, see below; `none`: no outputs"),
    "overpressure_pa": ("Pa", "as the sensor reads it: at this pressure no output stays powered"),
    "rapid_mpa_s": ("mPa/s", "loss of pressure that is an alarm at once, 0 = none is"),
    "reserve_limit_pa": ("Pa", "reserve time runs to this pressure, 0 = not computed"),
    "trend_s": ("s", "window lengths that have a trend, some of `windows_s`; 0 alone: none"),
    "alarm_days": ("d", "one false alarm of all trends, both sides, in so long"),
    "trend_learn": ("", "windows of a baseline before the trend is STEADY"),
    "trend_margin_percent": ("%", "the false-alarm interval holds for a σ so much larger"),
    "cease_limit_fpa_m3_s": ("10^-15 Pa·m³/s", "rate below which a leak counts as ceased"),
    "cease_s": ("s", "for how long it has to"),
    "drive_pa": ("Pa", "driving pressure that a proof of cessation takes"),
    "watchdog_ms": ("ms", "watchdog time, 0 = never armed"),
    "sync_s": ("s", "longest time a record waits in RAM before it is on the flash"),
}
"""(unit, meaning) by setting; name, range and default are in `hullcore.settings`."""

"""`hullwatch calibrate volume leak|expansion`: how large the chamber is."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import click

from hullwatch.analysis.budget import Budget, Quantity
from hullwatch.analysis.volumecal import by_expansion, by_known_leak
from hullwatch.calibration import SpanMean, in_force, span_mean
from hullwatch.cli import readings
from hullwatch.cli.calibrating import Keeping, applied, keep, kept, node_of, put, tell
from hullwatch.cli.readings import Span
from hullwatch.errors import InputError
from hullwatch.store import CalibrationRow, Reader

_U_TEMPERATURE_K = 0.5
_ROUNDING = 1e-6  # of the arithmetic: 0.2 % are 2000 ppm, not 2001


@click.group(
    "volume",
    epilog='Example: hullwatch calibrate volume expansion --known-volume "0.5 ± 0.001 L"'
    ' --chamber "150000 ± 20 Pa" --known "101325 ± 20 Pa" --common "133775 ± 20 Pa"'
    ' --temperature "20 ± 0.1 C"',
)
def command() -> None:
    """Measure the test volume: by a known leak, or by expansion into a known volume."""


@command.command(
    "leak",
    epilog='Example: hullwatch calibrate volume leak --leak "1.02e-4 ± 2e-6 Pa·m³/s at 20C (k=2)"'
    ' --shut "-2e-6 ± 4e-7 Pa/s" --open "-1.05e-4 ± 6e-7 Pa/s"',
)
@click.option(
    "--leak", default=None,
    help="The leak standard at this pressure, with ± U.  [default: as entered, calibrate enter]",
)  # fmt: skip
@click.option(
    "--open", "opened", type=readings.SLOPE_OR_SPAN, required=True,
    help="Slope with the known leak: a value ± u, or START..END of stored windows.",
)  # fmt: skip
@click.option(
    "--shut", type=readings.SLOPE_OR_SPAN, required=True, help="Slope without it, likewise."
)
@click.option(
    "--temperature", type=readings.TEMPERATURE, default=None,
    help=f"Of the gas.  [default: as the sensor reads it ± {_U_TEMPERATURE_K} K]",
)  # fmt: skip
@click.option(
    "--gain", type=readings.RATIO, default=None,
    help="What the pressure sensor reads per true Pa, 1.0003 ± 0.0001.  [default: 1 ± 0]",
)  # fmt: skip
@click.option(
    "--t-ref", "t_ref", type=readings.TEMPERATURE, default="20 ± 0 C", show_default=True,
    help="The slopes' reference temperature, when they are typed.",
)  # fmt: skip
@applied[0]
@applied[1]
@kept
def by_leak(
    leak: str | None, opened: Quantity | Span, shut: Quantity | Span, temperature: Quantity | None,
    gain: Quantity | None, t_ref: Quantity, apply: bool, port: str | None, **given: object,
) -> None:  # fmt: skip
    """Volume from the slopes with a leak standard opened and shut.

    V = q / (slope shut − slope open). Same pressure both times; wait after the valve has moved
    until the slope is steady. The value of the leak must be that at the pressure of the test.
    """
    keeping = Keeping(**given)  # type: ignore[arg-type]
    with Reader.open(keeping.db) as reader:
        node = node_of(reader, keeping.node)
        means = [_mean(reader, node, slope) for slope in (opened, shut)]
        entered = None if leak else _standard(reader, node, keeping.date)
    t_ref_k = _t_ref(means, t_ref.value)
    shown = next((mean.temperature_k for mean in means if mean), t_ref_k)
    found = by_known_leak(
        readings.leak_rate(leak, t_ref_k) if leak else _at(entered, t_ref_k),
        *(_slope(slope, mean) for slope, mean in zip((opened, shut), means, strict=True)),
        gain=gain,
        temperature=temperature or Quantity("temperature", shown, _U_TEMPERATURE_K, "K"),
        pressure_step_relative=_step(means),
    )
    _finish(keeping, found, "known leak", apply, port)


@command.command(
    "expansion",
    epilog='Example: hullwatch calibrate volume expansion --known-volume "0.5 ± 0.001 L"'
    ' --chamber "150000 ± 20 Pa" --known "101325 ± 20 Pa" --common "133775 ± 20 Pa"'
    ' --temperature "20 ± 0.1 C"',
)
@click.option(
    "--known-volume", type=readings.VOLUME, required=True, help="With what the valve adds."
)
@click.option("--chamber", type=readings.PRESSURE, required=True, help="Chamber before, absolute.")
@click.option("--known", type=readings.PRESSURE, required=True, help="Known volume before.")
@click.option("--common", type=readings.PRESSURE, required=True, help="Both, after the opening.")
@click.option(
    "--temperature", type=readings.TEMPERATURE, required=True,
    help="Of all, where the others are not given.",
)  # fmt: skip
@click.option("--chamber-temperature", type=readings.TEMPERATURE, help="Chamber before.")
@click.option("--known-temperature", type=readings.TEMPERATURE, help="Known volume before.")
@click.option("--chamber-after", type=readings.TEMPERATURE, help="Gas in the chamber after.")
@click.option("--known-after", type=readings.TEMPERATURE, help="Gas in the known volume after.")
@click.option(
    "--zero", type=readings.PRESSURE, default=None,
    help="Error of zero that all three pressures share.  [default: 0 ± 0 Pa]",
)  # fmt: skip
@applied[0]
@applied[1]
@kept
def by_known_volume(
    known_volume: Quantity, chamber: Quantity, known: Quantity, common: Quantity,
    temperature: Quantity, chamber_temperature: Quantity | None,
    known_temperature: Quantity | None, chamber_after: Quantity | None,
    known_after: Quantity | None, zero: Quantity | None, apply: bool, port: str | None,
    **given: object,
) -> None:  # fmt: skip
    """Volume from opening the chamber to a known volume at another pressure.

    V = V_known · (p_known/T − p_common/T) / (p_common/T − p_chamber/T), ideal gas. Wait until the
    gas has the temperature of the walls again. The uncertainties of the temperatures count as
    independent: state what they may differ by.
    """
    found = by_expansion(
        known_volume,
        (chamber, chamber_temperature or temperature),
        (known, known_temperature or temperature),
        common,
        (chamber_after or temperature, known_after or temperature),
        zero,
    )
    _finish(Keeping(**given), found, "known expansion", apply, port)  # type: ignore[arg-type]


def settings_of(found: Budget) -> dict[str, str]:
    """The node's settings: µL, and ppm rounded up."""
    return {
        "volume_ul": str(round(found.value * 1e9)),
        "u_volume_ppm": str(math.ceil(found.u / found.value * 1e6 - _ROUNDING)),
    }


def _finish(given: Keeping, found: Budget, method: str, apply: bool, port: str | None) -> None:
    settings = settings_of(found)
    row = keep(given, "volume", found, method)
    written = apply and not given.dry_run
    if written:
        put(given, settings, port)
    tell(given, row, found, settings, written)


def _standard(reader: Reader, node: str, date_us: int | None) -> CalibrationRow:
    """The leak standard in force."""
    at_us = time.time_ns() // 1000 if date_us is None else date_us
    return in_force(reader, node, "leak", at_us).required()


def _at(entered: CalibrationRow | None, t_ref_k: float) -> Quantity:
    """Its amount of gas at another reference temperature."""
    assert entered is not None
    assert entered.t_ref_k is not None
    scale = t_ref_k / entered.t_ref_k
    return Quantity("", entered.value * scale, entered.u * scale, entered.unit)


def _mean(reader: Reader, node: str, slope: Quantity | Span) -> SpanMean | None:
    if isinstance(slope, Span):
        return span_mean(reader, node, slope.start_us, slope.past_us)
    return None


def _slope(slope: Quantity | Span, mean: SpanMean | None) -> Quantity:
    if mean is not None:
        return mean.slope
    assert isinstance(slope, Quantity)
    return replace(slope, unit="Pa/s")


def _t_ref(means: list[SpanMean | None], typed_k: float) -> float:
    known = {mean.t_ref_k for mean in means if mean}
    if len(known) > 1:
        raise InputError("the two spans have two reference temperatures", "settings changed")
    return known.pop() if known else typed_k


def _step(means: list[SpanMean | None]) -> float:
    """By what share the driving pressures of the two differ."""
    drives = [mean.drive_pa for mean in means if mean]
    if len(drives) < 2 or not min(map(abs, drives)):
        return 0.0
    return abs(drives[0] - drives[1]) / min(map(abs, drives))

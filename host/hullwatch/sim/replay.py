"""Recorded pressure instead of physics: a CSV file offered row by row to a sensor.

The file has the header ``t_s,p_pa,temp_c``, times rising, ``temp_c`` possibly empty. A node
samples on an even grid, so every row gets a slot of its own on one; slots the file has no
row for stay empty, and a conversion there never completes.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from pathlib import Path

from hullwatch.errors import InputError, MalformedReplay
from hullwatch.sim.chamberspec import PRESSURE_MAX_PA
from hullwatch.sim.slots import even_slots

HEADER = "t_s,p_pa,temp_c"
KINDS = ("abs", "gauge")
MIN_ROWS = 8
CONSTANT_TEMPERATURE_C = 20.0
"""Offered to the sensor where the file has no temperature."""

_TEMP_MIN_C, _TEMP_MAX_C = -40.0, 85.0
_FORMAT_HINT = f"the first line must be {HEADER}, then comma-separated numbers with decimal points"

Row = tuple[float, float | None]
"""Pressure in Pa, temperature in degC or None."""


class Replay:
    """A checked recording on its even grid; made by ``load``.

    ``period_us``: grid spacing. ``absolute``: False when gauge pressures are offered as
    they are, so that no temperature compensation is permitted. ``has_temperature``: every
    row has one. Slots run from 0 (``first_slot``) to ``last_slot``.
    """

    first_slot = 0

    def __init__(
        self,
        period_us: int,
        slots: list[int],
        pressures_pa: Sequence[float],
        temperatures_c: Sequence[float],
        absolute: bool,
    ) -> None:
        self.period_us = period_us
        self.absolute = absolute
        self.has_temperature = not any(map(math.isnan, temperatures_c))
        self.last_slot = slots[-1]
        self._slots = array("q", slots)
        self._pressures_pa = pressures_pa
        self._temperatures_c = temperatures_c

    @classmethod
    def load(cls, path: str | Path, kind: str = "abs", ambient_pa: float | None = None) -> "Replay":
        """Read and check a recording.

        ``kind`` "abs" or "gauge"; ``ambient_pa`` is added to gauge pressures. InputError
        naming the line (the header is line 1) and what to do when the file is unreadable,
        malformed, shorter than 8 rows, out of range, uneven, or faster than 100 Hz.
        """
        added_pa = _ambient_to_add(kind, ambient_pa)
        times_s, pressures_pa, temperatures_c = _read(Path(path), kind, added_pa)
        period_us, slots = even_slots(times_s, str(path))
        absolute = kind == "abs" or ambient_pa is not None
        return cls(period_us, slots, pressures_pa, temperatures_c, absolute)

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(self._slots)

    @property
    def compensable(self) -> bool:
        """Whether temperature compensation means anything: absolute and with temperature."""
        return self.absolute and self.has_temperature

    def row(self, slot: int) -> Row | None:
        """The row in that slot, None where the file has none."""
        at = bisect_left(self._slots, slot)
        if at == len(self._slots) or self._slots[at] != slot:
            return None
        return self._row_at(at)

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Every (slot, row) in order."""
        return ((slot, self._row_at(at)) for at, slot in enumerate(self._slots))

    def _row_at(self, at: int) -> Row:
        temperature_c = self._temperatures_c[at]
        return self._pressures_pa[at], None if math.isnan(temperature_c) else temperature_c


class ReplayFrontEnd:
    """A sensor that feels a recording.

    Slot 0 is at ``origin_us``: the first conversion asked for, unless set before.
    """

    def __init__(self, replay: Replay, origin_us: int | None = None) -> None:
        self.replay = replay
        self.origin_us = origin_us
        self._early_us = replay.period_us // 4

    def measure(self, t_us: int, white_pa: float, white_k: float) -> tuple[float, float] | None:
        """The row of the slot ``t_us`` lies in as (Pa, degC); None in a gap and outside the file.

        A conversion belongs to the slot it was triggered in, up to a quarter before its time: one
        that a driver repeats late in an empty slot must not get the row of the next. The file
        carries its own noise, so ``white_pa`` and ``white_k`` are not used.
        """
        if self.origin_us is None:
            self.origin_us = t_us
        slot = (t_us - self.origin_us + self._early_us) // self.replay.period_us
        row = self.replay.row(slot)
        if row is None:
            return None
        pressure_pa, temperature_c = row
        return pressure_pa, CONSTANT_TEMPERATURE_C if temperature_c is None else temperature_c

    def ended(self, t_us: int) -> bool:
        """Whether ``t_us`` is past the last row's slot."""
        if self.origin_us is None:
            return False
        end_us = self.origin_us + self.replay.last_slot * self.replay.period_us
        return t_us > end_us + self.replay.period_us // 2


def _ambient_to_add(kind: str, ambient_pa: float | None) -> float:
    if kind not in KINDS:
        raise InputError(f"unknown pressure kind {kind!r}", "choose one of " + ", ".join(KINDS))
    if ambient_pa is None:
        return 0.0
    if kind == "abs":
        raise InputError(
            "an ambient pressure was given for absolute pressures",
            "leave it out, or say that the file holds gauge pressures",
        )
    if not 0.0 <= ambient_pa <= PRESSURE_MAX_PA:
        raise InputError(
            f"ambient pressure {ambient_pa:g} Pa is impossible", "room air is about 101325 Pa"
        )
    return ambient_pa


def _read(
    path: Path, kind: str, added_pa: float
) -> tuple[Sequence[float], Sequence[float], Sequence[float]]:
    try:
        # utf-8-sig: spreadsheets put a byte order mark in front.
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}", "check the path") from error
    except UnicodeDecodeError as error:
        raise MalformedReplay(f"{path} is not a text file", _FORMAT_HINT) from error
    while lines and not lines[-1].strip():
        lines.pop()
    header = lines[0].replace(" ", "") if lines else ""
    if header != HEADER:
        shown = lines[0][:40] if lines else ""
        raise MalformedReplay(f"{path} line 1: header is {shown!r}", _FORMAT_HINT)
    times_s, pressures_pa, temperatures_c = array("d"), array("d"), array("d")
    for number, line in enumerate(lines[1:], start=2):
        where = f"{path} line {number}"
        t_s, p_pa, temp_c = _fields(line, where)
        _check_range(p_pa + added_pa, temp_c, kind, where)
        if times_s and t_s <= times_s[-1]:
            raise MalformedReplay(
                f"{where}: time {t_s:g} s does not come after {times_s[-1]:g} s",
                "sort the rows by time and remove repeats",
            )
        times_s.append(t_s)
        pressures_pa.append(p_pa + added_pa)
        temperatures_c.append(temp_c)
    if len(times_s) < MIN_ROWS:
        raise MalformedReplay(
            f"{path} ends after line {len(lines)}: {len(times_s)} rows",
            f"a recording needs at least {MIN_ROWS} rows",
        )
    return times_s, pressures_pa, temperatures_c


def _fields(line: str, where: str) -> tuple[float, float, float]:
    """Time, pressure and temperature (NaN when empty) of one line."""
    parts = line.split(",")
    if len(parts) != 3:
        raise MalformedReplay(f"{where}: {len(parts)} fields instead of 3", _FORMAT_HINT)
    try:
        t_s, p_pa = float(parts[0]), float(parts[1])
        temp_c = float(parts[2]) if parts[2].strip() else math.nan
    except ValueError as error:
        raise MalformedReplay(f"{where}: {error}", _FORMAT_HINT) from error
    if not (math.isfinite(t_s) and math.isfinite(p_pa)) or (
        parts[2].strip() and not math.isfinite(temp_c)
    ):
        raise MalformedReplay(
            f"{where}: a value is not a finite number", "remove the row: gaps stay gaps"
        )
    return t_s, p_pa, temp_c


def _check_range(p_pa: float, temp_c: float, kind: str, where: str) -> None:
    if not 0.0 <= p_pa <= PRESSURE_MAX_PA:
        hint = "pressures are in pascal"
        if kind == "gauge":
            hint = "pressures are in pascal; gauge values below zero need the ambient pressure"
        raise MalformedReplay(
            f"{where}: pressure {p_pa:g} Pa is outside 0..{PRESSURE_MAX_PA:g}", hint
        )
    if not math.isnan(temp_c) and not _TEMP_MIN_C <= temp_c <= _TEMP_MAX_C:
        raise MalformedReplay(
            f"{where}: {temp_c:g} degC is outside {_TEMP_MIN_C:g}..{_TEMP_MAX_C:g}",
            "temperatures are in degrees Celsius; leave the field empty if unknown",
        )

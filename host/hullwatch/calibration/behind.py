"""What stands behind a leak rate: the volume it was made with, and the calibrations in force then.

A leak rate is proportional to the volume that its node was set to. Whether that is the calibrated
one is no matter of course: `Behind.remark` says where it is not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from hullwatch.calibration.standing import COMMANDS, Calibrations, Standing
from hullwatch.errors import InputError
from hullwatch.link.recordkinds import NO_RECORD
from hullwatch.link.recordview import Record, parse
from hullwatch.store import CalibrationRow, Reader

_SAME = 1e-6
_STEP_M3 = 1e-9  # a node counts µL, the store has all digits
_PPM = 1e-6  # and ppm, rounded up
_ROUNDING = 1e-6  # of the arithmetic: 0.2 % are 2000 ppm, not 2001


@dataclass(frozen=True, slots=True)
class VolumeUsed:
    """A volume that leak rates were made with; `u_relative` (k = 1) is 0 when it was not told."""

    volume_m3: float
    u_relative: float
    of_recipe: bool = False

    @classmethod
    def of_config(cls, config: Mapping[str, object]) -> VolumeUsed:
        """From the body of a CONFIG record, or from settings by name."""
        return cls(_integer(config, "volume_ul") * 1e-9, _integer(config, "u_volume_ppm") * 1e-6)

    @classmethod
    def of_test(cls, recipe: Mapping[str, object], config: Mapping[str, object]) -> VolumeUsed:
        """Of a test: the recipe's, where it has one of its own. Without the vessel's compliance."""
        if not _integer(recipe, "volume_ul"):
            return cls.of_config(config)
        u_relative = _integer(recipe, "u_volume_ppm") * 1e-6
        return cls(_integer(recipe, "volume_ul") * 1e-9, u_relative, True)

    def __str__(self) -> str:
        """`1.0012 L ± 0.080 % (k = 1)`."""
        told = f" ± {100 * self.u_relative:.2g} % (k = 1)" if self.u_relative else ""
        return f"{self.volume_m3 * 1e3:.7g} L{told}"

    def contradiction(self, row: CalibrationRow) -> str:
        """In what it is not the calibrated volume; empty where it is."""
        if abs(self.volume_m3 - row.value) > _SAME * row.value + _STEP_M3:
            return f"the node uses {self}, calibrated is {_calibrated(row)}"
        if self.u_relative + _PPM < row.u / row.value:
            return f"the node counts with ± {100 * self.u_relative:.2g} %, calibrated is " + (
                _calibrated(row)
            )
        return ""

    def required(self, standing: Standing) -> None:
        """CalibrationMissing or CalibrationExpired unless it is calibrated, or of the recipe.

        InputError when it is another one than the calibrated.
        """
        if self.of_recipe:
            return
        row = standing.required()
        if told := self.contradiction(row):
            wanted = (
                f"hullwatch config set volume_ul={round(row.value * 1e9)} "
                f"u_volume_ppm={math.ceil(row.u / row.value * 1e6 - _ROUNDING)}"
            )
            raise InputError(f"node {row.node}: {told}", wanted)


def _integer(values: Mapping[str, object], key: str) -> int:
    value = values[key]
    assert isinstance(value, int)
    return value


def _calibrated(row: CalibrationRow) -> str:
    return str(VolumeUsed(row.value, row.u / row.value))


@dataclass(frozen=True, slots=True)
class Behind:
    """The calibrations of a node as they stood at a time, and the volume used then, if known."""

    node: str
    at_utc_us: int
    used: VolumeUsed | None
    standings: tuple[Standing, ...]

    @property
    def remark(self) -> str:
        """What is to be known of the volume; empty when it is the calibrated one, in force."""
        if self.used is None or self.used.of_recipe:
            return ""
        row = self.volume.row
        if row is None:
            return f"the node uses {self.used}, not calibrated: {COMMANDS['volume']}"
        return self.used.contradiction(row)

    @property
    def volume(self) -> Standing:
        """That of the volume."""
        return next(one for one in self.standings if one.kind == "volume")


@dataclass(slots=True)
class Book:
    """What stands behind results of one node; its calibrations and configurations are read once."""

    reader: Reader
    node: str
    _calibrations: Calibrations = field(init=False)
    _configs: dict[tuple[int, int], Record | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._calibrations = Calibrations(self.reader, self.node)

    def behind(self, epoch: int, config: int | None, at_utc_us: int) -> Behind:
        """Of a record of a spool that names a configuration record."""
        record = self.config(epoch, config)
        used = VolumeUsed.of_config(record.body) if record else None
        return self._stood(used, record, at_utc_us)

    def behind_test(self, epoch: int, recipe: int, config: int, at_utc_us: int) -> Behind:
        """Of a verdict."""
        asked, record = self.config(epoch, recipe), self.config(epoch, config)
        used = VolumeUsed.of_test(asked.body, record.body) if asked and record else None
        return self._stood(used, record, at_utc_us)

    def config(self, epoch: int, number: int | None) -> Record | None:
        """A record of the spool; None when it is not stored."""
        if number is None or number == NO_RECORD:
            return None
        key = epoch, number
        if key not in self._configs:
            rows = self.reader.records(self.node, epoch, number - 1, 1)
            found = parse(rows[0].data) if rows and rows[0].number == number else None
            self._configs[key] = found
        return self._configs[key]

    def _stood(self, used: VolumeUsed | None, config: Record | None, at_utc_us: int) -> Behind:
        sensor = f"{config.text('sensor')}@{config.integer('address'):#x}" if config else None
        standings = self._calibrations.standings(at_utc_us, sensor)
        return Behind(self.node, at_utc_us, used, standings)

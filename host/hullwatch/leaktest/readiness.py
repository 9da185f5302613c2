"""What must be in force before a test may start: asked before anything moves.

A verdict is as good as the volume it was computed with: without a calibration in force, or with
another volume on the node than the calibrated one, there is none. A recipe that has a volume of its
own, with its uncertainty, needs no calibration. The others (zero, gain, background, noise) are
stated with the result; they decide nothing that the verdict does not already bound.
"""

from __future__ import annotations

from collections.abc import Mapping

from hullwatch.calibration import Behind, Calibrations, VolumeUsed
from hullwatch.errors import CalibrationMissing
from hullwatch.leaktest.recipefile import RecipeFile
from hullwatch.store import Reader


def ready(
    reader: Reader | None, node: str, recipe: RecipeFile, config: Mapping[str, object],
    at_utc_us: int,
) -> Behind:  # fmt: skip
    """The calibrations that a test would stand on; ``config``: the node's settings by name.

    CalibrationMissing, CalibrationExpired, or InputError for a volume that is not the calibrated
    one; ``reader`` None: there is no database.
    """
    used = VolumeUsed.of_test(recipe.fields, config)
    if reader is None:
        if not used.of_recipe:
            raise CalibrationMissing(
                "there is no database, so no calibration of the volume is known",
                "hullwatch log --db FILE, then hullwatch calibrate volume --help",
            )
        return Behind(node, at_utc_us, used, ())
    sensor = f"{config['sensor']}@{config['address']:#x}"
    found = Behind(
        node, at_utc_us, used, Calibrations(reader, node).standings(at_utc_us, sensor)
    )  # fmt: skip
    used.required(found.volume)
    return found

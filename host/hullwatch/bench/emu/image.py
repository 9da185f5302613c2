"""The MicroPython image of the emulated Pico: where it comes from, and whether it is one."""

from __future__ import annotations

import os
from pathlib import Path

from hullwatch.errors import InputError, MissingCapability
from hullwatch.flash import uf2

VARIABLE = "HULLWATCH_UF2"
"""Environment variable that names the image where no option does."""

_HINT = (
    "download the .uf2 for RPI_PICO from micropython.org/download/RPI_PICO and name it: "
    f"--uf2 FILE or {VARIABLE}=FILE"
)


def find_uf2(option: Path | None = None) -> Path:
    """The image to run: `option`, else the one HULLWATCH_UF2 names.

    MissingCapability when neither does, InputError when the file is not an RP2040 image.
    """
    named = option or Path(os.environ.get(VARIABLE, ""))
    if not named.name:
        raise MissingCapability("no MicroPython image (UF2) for the emulated Pico was named", _HINT)
    if uf2.load(named).chip != "RP2040":
        raise InputError(f"{named}: a UF2 file, but not for the RP2040", _HINT)
    return named

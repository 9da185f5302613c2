"""The MicroPython image of the emulated Pico: where it comes from, and whether it is one."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from hullwatch.errors import InputError, MissingCapability

VARIABLE = "HULLWATCH_UF2"
"""Environment variable that names the image where no option does."""

_HINT = (
    "download the .uf2 for RPI_PICO from micropython.org/download/RPI_PICO and name it: "
    f"--uf2 FILE or {VARIABLE}=FILE"
)
# UF2 specification: 512-byte blocks, these words first, the family id at byte 28
_MAGIC = (0x0A324655, 0x9E5D5157)
_RP2040 = 0xE48BFF56
_BLOCK = 512


def find_uf2(option: Path | None = None) -> Path:
    """The image to run: `option`, else the one HULLWATCH_UF2 names.

    MissingCapability when neither does, InputError when the file is not an RP2040 image.
    """
    named = option or Path(os.environ.get(VARIABLE, ""))
    if not named.name:
        raise MissingCapability("no MicroPython image (UF2) for the emulated Pico was named", _HINT)
    try:
        with named.open("rb") as file:
            block = file.read(_BLOCK)
    except OSError as error:
        raise InputError(f"{named}: {error.strerror}", _HINT) from error
    if len(block) < _BLOCK or struct.unpack_from("<2I", block) != _MAGIC:
        raise InputError(f"{named}: not a UF2 file", _HINT)
    if struct.unpack_from("<I", block, 28)[0] != _RP2040:
        raise InputError(f"{named}: a UF2 file, but not for the RP2040", _HINT)
    return named

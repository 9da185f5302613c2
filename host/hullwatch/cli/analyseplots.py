"""Pictures of an analysis as SVG files (extra `report`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hullwatch.errors import InputError
from hullwatch.report import pictures

if TYPE_CHECKING:
    from hullwatch.assess import Assessment


def draw(found: Assessment, folder: Path) -> list[Path]:
    """`pressure.svg`, `methods.svg`, `allan.svg` in a folder that is made; their paths.

    MissingCapability without matplotlib; InputError when the folder cannot be made or written.
    """
    a = found.analysis
    made = pictures.drawn(
        {
            "pressure": lambda figure: pictures.decay(figure, a),
            "methods": lambda figure: pictures.methods(figure, a),
            "allan": lambda figure: pictures.allan(figure, a),
        },
        tall=("pressure",),
    )
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, svg in made.items():
            paths.append(folder / f"{name}.svg")
            paths[-1].write_text(svg, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}", "name a folder that can be made") from error
    return paths

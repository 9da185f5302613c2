"""Programs that `hullwatch flash` runs on the board itself; MicroPython, sent as text."""

from pathlib import Path

FOLDER = Path(__file__).parent

"""Calibrated noise profiles on the board's file system: two copies with CRC, and their key.

A profile describes the compensated pressure of one sensor at one oversampling and one sample
period; for any other it is not used.
"""

from hullcore.compat import const
from hullcore.profilerow import NUMBERS
from hullnode import twocopies
from hullnode.drivers import catalogue

_FILE = "noise"
_CORRELATION = const(8)
NONE = 1
OTHER = 2
DAMAGED = 3


def key_of(values: dict) -> list:
    """What a profile belongs to, from the settings."""
    sensor = values["sensor"]
    ratio = values["oversampling"]
    if not ratio and sensor != "none":
        ratio = catalogue.oversampling_for(sensor, values["period_us"])
    return [sensor, ratio, values["period_us"], values["compensation"]]


def load(root: str, key: list) -> tuple:
    """(rows, UTC in s, 0), or ([], 0, why not): NONE, OTHER (settings), DAMAGED."""
    value, _, damaged = twocopies.load(root, _FILE)
    if value is None:
        return [], 0, DAMAGED if damaged else NONE
    try:
        stored, utc_s, rows = value
        if stored != key:
            return [], 0, OTHER
        if not rows or utc_s < 1 or [row for row in rows if not _whole(row)]:
            return [], 0, DAMAGED
    except (TypeError, ValueError):
        return [], 0, DAMAGED
    return rows, utc_s, 0


def _whole(row) -> bool:
    """Whether a row can be what was stored: every number fits its field, only one is signed."""
    if not isinstance(row, list) or len(row) != NUMBERS:
        return False
    for k in range(NUMBERS):
        n = row[k]
        low = -1000000 if k == _CORRELATION else 0
        if not isinstance(n, int) or not low <= n < 1 << (63 if 3 <= k <= 7 else 31):
            return False
    return True


def save(root: str, key: list, utc_s: int, rows: list) -> None:
    """Store profiles; OSError when that is not possible."""
    twocopies.save(root, _FILE, [key, utc_s, rows])

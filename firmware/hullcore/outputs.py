"""Outputs of a node as its settings declare them: one line of text, checked, into rows.

`PIN:NAME:KIND:nc|no:SECONDS[:NEVER+NEVER…]`, separated by `;`. `nc` is a valve that is closed, `no`
one that is open without power; SECONDS the longest it may be powered at a stretch (0: for ever);
NEVER names outputs that must not be open while this one is. Without power every output is safe.
"""

from hullcore.compat import const
from hullcore.interlocks import conflict, normally_open

OUTPUT_KINDS = ("fill", "evacuate", "vent", "isolate", "bleed", "blanking", "reference")
_EVACUATE = const(1)

FIRST_PIN = const(16)  # boards/pico releases GP16 to GP21
LAST_PIN = const(21)
_NAME = const(8)
_LONGEST_S = const(86400)
_PARTS = const(5)


def parse(text: str) -> tuple:
    """Rows (pin, name, kind, normally open 0 or 1, longest time powered in ms, mask of never).

    The mask has bit k for row k and stands on both sides of each interlock. `none` has no rows.
    ValueError says what is wrong with a line.
    """
    if text == "none":
        return ()
    lines = [line.split(":") for line in text.split(";")]
    rows: list = []
    for line in lines:
        rows.append(_row(line, rows))
    names = [row[1] for row in rows]
    never = [0] * len(rows)
    for k in range(len(lines)):
        for name in lines[k][_PARTS].split("+") if len(lines[k]) > _PARTS else ():
            if name not in names or name == names[k]:
                raise ValueError("%s: no other output is called %s" % (names[k], name))
            other = names.index(name)
            never[k] |= 1 << other
            never[other] |= 1 << k
    found = tuple([rows[k] + (never[k],) for k in range(len(rows))])
    _check_safe(found)
    return found


def _row(line: list, rows: list) -> tuple:
    if not _PARTS <= len(line) <= _PARTS + 1:
        raise ValueError("PIN:NAME:KIND:nc|no:SECONDS expected, not %s" % ":".join(line))
    pin, name, kind, rest, seconds = line[:_PARTS]
    if not 0 < len(name.encode()) <= _NAME or "+" in name:
        raise ValueError("an output's name has 1 to %d bytes and no +: %s" % (_NAME, name))
    number = _number(name, pin)
    if not FIRST_PIN <= number <= LAST_PIN:
        raise ValueError("%s: outputs are GP%d to GP%d" % (name, FIRST_PIN, LAST_PIN))
    for row in rows:
        if row[0] == number or row[1] == name:
            raise ValueError("%s: pin or name twice" % name)
    if kind not in OUTPUT_KINDS:
        raise ValueError("%s: %s is not one of %s" % (name, kind, ", ".join(OUTPUT_KINDS)))
    if rest not in ("nc", "no"):
        raise ValueError("%s: nc (closed without power) or no (open) expected" % name)
    longest = _number(name, seconds)
    if not 0 <= longest <= _LONGEST_S:
        raise ValueError("%s: 0 to %d s" % (name, _LONGEST_S))
    which = OUTPUT_KINDS.index(kind)
    if which <= _EVACUATE and (rest == "no" or not longest):
        raise ValueError("%s: a %s output is nc and has a longest time" % (name, kind))
    return number, name, which, int(rest == "no"), longest * 1000


def _number(name: str, text: str) -> int:
    try:
        return int(text.encode())
    except ValueError:
        raise ValueError("%s: not a whole number: %s" % (name, text))


def _check_safe(rows: tuple) -> None:
    """The state without power, which is where every fault leads, must keep every interlock."""
    k = conflict(rows, normally_open(rows))
    if k >= 0:
        raise ValueError("%s: open without power together with what it excludes" % rows[k][1])

"""Numbers and symbols as people type them."""

from __future__ import annotations

import math
import re
import unicodedata
from fractions import Fraction

from hullwatch.errors import AbsurdValue, InputError

Number = int | float | Fraction

NUMBER = r"[-+−]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+−]?[0-9]{1,2})?"
"""A decimal number; two digits of exponent are enough for any leak and keep fractions short."""

_LARGEST = 10**100
_MEGA = re.compile(r"\bM(?=[a-zL])")
_MARKS = str.maketrans("μ", "u", "·⋅∙•*^.")


def exact(value: Number | str) -> Fraction:
    """The number as a fraction: of a float its exact binary value, of a text the decimal written.

    InputError for anything that is no finite number, AbsurdValue from 1e100 on.
    """
    if isinstance(value, str):
        if not re.fullmatch(NUMBER, value.strip()):
            raise InputError(f"{value!r} is no number", "write 12.5 or 1.2e-4, with a point")
        return Fraction(value.strip().replace("−", "-"))
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{value} is no leak rate and no condition", "a finite number is needed")
    number = Fraction(value)
    if abs(number) >= _LARGEST:
        raise AbsurdValue("a number of 1e100 or more", "no leak and no vessel has it")
    return number


def key(symbol: str) -> str:
    """A unit's symbol without the differences that mean nothing: `Pa m^3` and `Pa·m³` agree.

    Case is ignored, except that a capital M before a small letter stays mega: never read as milli.
    """
    text = unicodedata.normalize("NFKC", _MEGA.sub("mega", symbol))
    return "".join(text.casefold().translate(_MARKS).split())


def shown(value: Fraction) -> str:
    """At most ten digits, without trailing zeros."""
    return f"{float(value):.10g}"

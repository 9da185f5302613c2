"""Options that take a measured value, or a span of stored windows in its place."""

from __future__ import annotations

import re
from dataclasses import dataclass

import click

from hullwatch.analysis.budget import Quantity
from hullwatch.cli.options import MOMENT
from hullwatch.errors import InputError
from hullwatch.units import parse
from hullwatch.units.constants import R
from hullwatch.units.measured import Dimension, measured
from hullwatch.units.numbers import NUMBER, exact

LEAK_UNIT = "Pa·m³/s"
_FACTOR = re.compile(rf"(.*)\(\s*k\s*=\s*({NUMBER})\s*\)\s*")


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time, UTC in µs, `past_us` not included."""

    start_us: int
    past_us: int

    @property
    def middle_us(self) -> int:
        """Its middle."""
        return (self.start_us + self.past_us) // 2


class SpanType(click.ParamType[Span]):
    """2026-03-01T10:00..2026-03-01T11:00, UTC without an offset."""

    name = "span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Span:
        """Both ends."""
        if isinstance(value, Span):
            return value
        start, dots, past = str(value).partition("..")
        if not dots:
            self.fail(f"{value!r} is no span: write START..END", param, ctx)
        span = Span(MOMENT.convert(start, param, ctx), MOMENT.convert(past, param, ctx))
        if span.past_us <= span.start_us:
            self.fail(f"{value!r} ends before it begins", param, ctx)
        return span


class MeasuredType(click.ParamType[Quantity]):
    """`101325 ± 5 Pa (k=2)`; ± must be there."""

    def __init__(self, dimension: Dimension) -> None:
        self.name = f"{dimension.name.lower()} ± u"
        self._dimension = dimension

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Quantity:
        """The value in SI units with its standard uncertainty."""
        if isinstance(value, Quantity):
            return value
        got = measured(str(value), self._dimension)
        if got.u is None:
            raise InputError(f"{value!r} has no uncertainty", "write VALUE ± U UNIT, or … (k=2)")
        return Quantity("", got.value, got.u, str(self._dimension))


class ReadingType(click.ParamType["Quantity | Span"]):
    """A measured value, or a span of stored windows."""

    def __init__(self, dimension: Dimension) -> None:
        self._measured = MeasuredType(dimension)
        self.name = f"{self._measured.name} or span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Quantity | Span:
        """The one or the other."""
        if isinstance(value, Quantity | Span):
            return value
        if ".." in str(value):
            return SPAN.convert(value, param, ctx)
        return self._measured.convert(value, param, ctx)


SPAN = SpanType()
PRESSURE = MeasuredType(Dimension.PRESSURE)
VOLUME = MeasuredType(Dimension.VOLUME)
TEMPERATURE = MeasuredType(Dimension.TEMPERATURE)
RATIO = MeasuredType(Dimension.RATIO)
SLOPE_OR_SPAN = ReadingType(Dimension.SLOPE)
PRESSURE_OR_SPAN = ReadingType(Dimension.PRESSURE)


def leak_rate(text: str, t_ref_k: float, need_u: bool = True) -> Quantity:
    """A leak rate in any unit as Pa·m³/s at `t_ref_k`, with its standard uncertainty.

    ± is the standard uncertainty, or k times it where `(k=2)` follows; 0 where not needed and not
    given. InputError as `hullwatch.units.parse`.
    """
    match = _FACTOR.fullmatch(text)
    rate = parse(match[1] if match else text, t_ref_k=t_ref_k)
    if rate.u_mol_s is None and (need_u or match):
        raise InputError(f"{text!r} has no uncertainty", "write 1e-4 ± 2e-6 Pa·m³/s at 20C (k=2)")
    k = float(exact(match[2])) if match else 1.0
    if not k > 0:
        raise InputError(f"{text!r}: k is not positive", "such as (k=2)")
    scale = float(R) * t_ref_k
    u = float(rate.u_mol_s or 0) / k
    return Quantity("", float(rate.mol_s) * scale, u * scale, LEAK_UNIT)

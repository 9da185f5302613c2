"""`hullwatch convert`: a leak rate in other units, each with what it refers to."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import click
from rich.console import Console
from rich.table import Table

from hullwatch.cli import figures
from hullwatch.cli.options import json_option, print_json
from hullwatch.errors import InputError
from hullwatch.units import USUAL, LeakRate, Quantity, Stated, condition, gas_named, parse
from hullwatch.units.conditions import Need


class _Condition(click.ParamType[Fraction]):
    """20C, 70F, 101325 Pa, 1 atm, 5 L: in its SI unit."""

    def __init__(self, need: Need) -> None:
        self.name = need.value
        self.need = need

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fraction:
        """The value in K, Pa or m³, exact."""
        read = condition(str(value))
        if read.need is not self.need:
            raise InputError(f"{value!r} is a {read.need}, no {self.need}")
        return read.value


@click.command(
    "convert", epilog='Example: hullwatch convert "1e-4 Pa·m³/s at 20C" lbm/day --gas air'
)
@click.argument("rate")
@click.argument("units", nargs=-1)
@click.option("--gas", help='For units of mass: air, helium, ... or "102.03 g/mol".')
@click.option(
    "--volume", "volume_m3", type=_Condition(Need.VOLUME), help="Vessel, for Pa/s or %/day: 5L."
)
@click.option(
    "--temperature", "temperature_k", type=_Condition(Need.TEMPERATURE),
    help="Of the gas in the vessel, for Pa/s or %/day: 20C.",
)  # fmt: skip
@click.option(
    "--pressure", "pressure_pa", type=_Condition(Need.PRESSURE),
    help="Absolute pressure in the vessel, for %/day: 1atm.",
)  # fmt: skip
@click.option(
    "--t-ref", "t_ref_k", type=_Condition(Need.TEMPERATURE),
    help="Reference of Pa·m³/s, mbar·L/s and their like: 20C.",
)  # fmt: skip
@json_option
def command(rate: str, units: tuple[str, ...], as_json: bool, **given: object) -> None:
    """Convert a leak RATE into UNITS; without UNITS, into all usual ones.

    What a unit's own text states wins over the options. sccm must state its reference itself,
    "sccm (0C)": makers use 0 °C, 20 °C and 70 °F, 7 % apart. RATE may carry its uncertainty,
    "1.2e-4 ± 0.3e-4 Pa·m³/s at 20C", which is scaled alike. Before a negative RATE write --.
    """
    stated = cast(Stated, {name: value for name, value in given.items() if value is not None})
    if "gas" in stated:
        gas_named(stated["gas"])  # a wrong one is told even when no unit asks for it
    leak = parse(rate, **stated)
    results = [leak.to(unit, **stated) for unit in units]
    missing: list[str] = []
    if not units:
        results, missing = _usual(leak, stated)
    if as_json:
        found = [_object(quantity) for quantity in results]
        print_json({"rate": rate, "mol_s": float(leak.mol_s), "results": found, "missing": missing})
    elif units:
        click.echo("\n".join(map(_line, results)))
    else:
        Console().print(_table(results, missing))


def _usual(leak: LeakRate, stated: Stated) -> tuple[list[Quantity], list[str]]:
    """In every usual unit; and for those that cannot be had, what they need."""
    results, missing = [], []
    for unit in USUAL:
        try:
            results.append(leak.to(unit, **stated))
        except InputError as error:
            missing.append(error.message)
    return results, missing


def _object(quantity: Quantity) -> dict[str, object]:
    return {
        "value": float(quantity),
        "uncertainty": None if quantity.u is None else float(quantity.u),
        "unit": str(quantity.unit),
        "exact": str(quantity.value),
    }


def _line(quantity: Quantity) -> str:
    if quantity.u is None:
        return str(quantity)
    return figures.with_uncertainty(float(quantity), float(quantity.u), str(quantity.unit))


def _table(results: list[Quantity], missing: list[str]) -> Table:
    table = Table(show_header=False, box=None)
    for quantity in results:
        unit = str(quantity.unit)
        table.add_row(_line(quantity).removesuffix(f" {unit}"), unit)
    for message in missing:
        table.add_row("?", message)
    return table

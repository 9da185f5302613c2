"""`hullwatch convert`, and the examples of `docs/units.md`."""

import json
import re
import shlex
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from hullwatch.cli.app import cli
from hullwatch.errors import InputError
from hullwatch.units import GASES, USUAL, constants, parse

F = Fraction
PAGE = Path(__file__).parents[2] / "docs" / "units.md"
EXAMPLES = re.findall(r"^\$ hullwatch (.+)\n((?:(?!\$ |```).+\n)+)", PAGE.read_text("utf-8"), re.M)


def output(*words: str) -> str:
    result = CliRunner().invoke(cli, ["convert", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(("line", "shown"), EXAMPLES)
def test_examples_of_the_page(line: str, shown: str) -> None:
    command, *words = shlex.split(line)
    assert command == "convert"
    assert output(*words).split() == shown.split()


def test_constants_of_the_page() -> None:
    text = PAGE.read_text("utf-8")
    for value in (constants.R, constants.POUND_KG, constants.PRESSURES_PA["mmHg"]):
        assert str(float(value)) in text
    for gas in GASES.values():
        assert re.search(rf"\| {gas.name}\b[^\n]*\b{float(gas.kg_mol * 1000):.10g}\b", text)


def test_json_states_units_uncertainty_and_the_exact_value() -> None:
    answer = json.loads(output("1e-4 ± 2e-5 Pa·m³/s at 20C", "lbm/day", "--gas", "air", "--json"))
    (result,) = answer["results"]
    assert result["unit"] == "lbm/day (air)"
    assert F(result["exact"]) == parse("1e-4 Pa·m³/s at 20C").to("lbm/day (air)").value
    assert result["value"] == float(F(result["exact"]))
    assert result["uncertainty"] == pytest.approx(result["value"] / 5, rel=1e-15)
    assert answer["missing"] == []


def test_without_units_all_usual_ones_or_what_they_need() -> None:
    answer = json.loads(output("1 sccm(0C)", "--volume", "5L", "--temperature", "68F", "--json"))
    units = [result["unit"] for result in answer["results"]]
    assert "Pa/s (5 L, 20 °C)" in units
    assert "sccm (70 °F, 101325 Pa)" in units
    assert "lbm/day needs its gas" in answer["missing"]
    assert "%/day needs its pressure" in answer["missing"]
    assert len(units) + len(answer["missing"]) == len(USUAL)
    table = output("1 sccm(0C)")
    assert "needs its gas" in table
    assert "7.43584e-07" in table


def test_negative_rate_after_two_dashes() -> None:
    assert output("--", "-1 mol/s", "mmol/s") == "-1000 mmol/s\n"


@pytest.mark.parametrize(
    "words",
    [
        ["1 sccm", "mol/s"],
        ["1 mol/s", "lbm/day"],
        ["1 mol/s", "mol/s", "--gas", "fog"],
        ["1 mol/s", "mol/s", "--volume", "20C"],
        ["1 mol/s", "mol/s", "--t-ref", "-274C"],
        ["much", "mol/s"],
    ],
)
def test_refusals(words: list[str]) -> None:
    with pytest.raises(InputError) as refused:
        CliRunner().invoke(cli, ["convert", *words], catch_exceptions=False)
    assert "\n" not in refused.value.message

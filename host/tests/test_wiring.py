"""The wiring page: its pins, its numbers, its sums, and that its example is accepted."""

from __future__ import annotations

import math
import re
import shlex
from pathlib import Path

import pytest

import wiring_table
from hullcore import outputs, settings
from hullwatch.leaktest import nodebody, recipefile

PAGE = (Path(__file__).parents[2] / "firmware" / "WIRING.md").read_text("utf-8")
HEADER = """
0 1 GND 2 3 4 5 GND 6 7 8 9 GND 10 11 12 13 GND 14 15
16 17 GND 18 19 20 21 GND 22 RUN 26 27 AGND 28 VREF 3V3 EN GND VSYS VBUS
"""
"""Pins 1 to 40, as printed on the back of the board."""


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[1]


def test_each_gpio_is_on_the_pin_that_the_board_prints():
    printed = {
        int(name): pin for pin, name in enumerate(HEADER.split(), 1) if name.isdecimal()
    }  # fmt: skip
    assert {number: wiring_table.header_pin(number) for number in printed} == printed
    with pytest.raises(KeyError):
        wiring_table.header_pin(23)


def test_the_page_has_every_pin_of_the_board_once():
    rows = re.findall(r"^\| (\d+) \| GP(\d+) \| (.*?) \|", PAGE, re.MULTILINE)
    assert {int(gpio): int(pin) for pin, gpio, _ in rows} == {
        number: wiring_table.header_pin(number) for number in (4, 5, *range(16, 23))
    }
    assert [int(gpio) for _, gpio, signal in rows if signal.startswith("output")] == [
        *range(outputs.FIRST_PIN, outputs.LAST_PIN + 1)
    ]


def test_the_largest_pull_up_rises_in_the_time_that_the_bus_allows():
    for bus, fast, slow, least in wiring_table.pullups()[1]:
        farad = float(bus.split()[0]) * 1e-12
        for text, allowed_s in ((fast, 300e-9), (slow, 1000e-9)):
            ohm = float(text.split()[0]) * 1e3
            rises_s = ohm * farad * (math.log(1 / 0.3) - math.log(1 / 0.7))
            assert rises_s == pytest.approx(allowed_s, rel=0.06)  # printed to 0.1 kΩ
        assert least == "1.0 kΩ"


def test_the_bench_costs_what_its_parts_cost():
    rows = re.findall(r"^\| ([^|*]+) \| (\d+) \| ([\d.]+) \| ([\d.]+) \|$", PAGE, re.MULTILINE)
    assert len(rows) > 10
    for part, number, each, price in rows:
        assert float(price) == pytest.approx(int(number) * float(each)), part
    (total,) = re.findall(r"\*\*sum\*\* \| \| \| \*\*([\d.]+)\*\*", PAGE)
    assert float(total) == pytest.approx(sum(float(row[3]) for row in rows))
    assert float(total) < 100


def test_a_node_takes_the_settings_and_the_recipe_of_the_bench():
    words = shlex.split(block("sh"))
    assert words[:3] == ["hullwatch", "config", "set"]
    values = settings.defaults()
    for word in words[3:]:
        key, _, text = word.partition("=")
        values[key] = settings.check(key, text)
    settings.check_together(values)
    valves = [row[1] for row in outputs.parse(values["outputs"])]
    drawing = re.search(r"^pump .*?```", PAGE, re.DOTALL | re.MULTILINE)[0]
    for number, name in zip(range(16, 20), valves, strict=True):
        assert f"[{name} GP{number}]" in drawing
    nodebody.body_of(recipefile.parse(block("toml"), "jar.toml"), values)

"""Outputs declared in one line of text: what is understood, what is refused before it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from hullcore import outputs, settings
from hullcore.interlocks import conflict, normally_open

FIRMWARE = Path(__file__).parents[1]
LINE = (
    "16:supply:fill:nc:60:dump;17:dump:vent:no:0;18:iso:isolate:nc:600:bleed;19:bleed:bleed:nc:600"
)


def test_rows_say_pin_name_kind_rest_time_and_interlocks_of_both_sides():
    rows = outputs.parse(LINE)
    assert rows == (
        (16, "supply", 0, 0, 60_000, 0b0010),
        (17, "dump", 2, 1, 0, 0b0001),
        (18, "iso", 3, 0, 600_000, 0b1000),
        (19, "bleed", 4, 0, 600_000, 0b0100),
    )
    assert normally_open(rows) == 0b0010
    assert outputs.parse("none") == ()


def test_a_conflict_is_found_whichever_side_declared_it():
    rows = outputs.parse(LINE)
    for opened in range(16):
        bad = opened & 0b0011 == 0b0011 or opened & 0b1100 == 0b1100
        assert (conflict(rows, opened) >= 0) == bad


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "expected"),
        ("16", "expected"),
        ("16:a:vent:nc", "expected"),
        ("16:a:vent:nc:0:b:c", "expected"),
        ("15:a:vent:nc:0", "GP16 to GP21"),
        ("22:a:vent:nc:0", "GP16 to GP21"),
        ("x:a:vent:nc:0", "whole number"),
        ("16:a:vent:nc:", "whole number"),
        ("16:a:vent:nc:1.5", "whole number"),
        ("16:a:vent:nc:-1", "0 to 86400"),
        ("16:a:vent:nc:86401", "0 to 86400"),
        ("16::vent:nc:0", "name"),
        ("16:ninebytes:vent:nc:0", "name"),
        ("16:a+b:vent:nc:0", "name"),
        ("16:a:drain:nc:0", "not one of"),
        ("16:a:vent:open:0", "nc"),
        ("16:a:fill:no:60", "a fill output is nc"),
        ("16:a:evacuate:no:60", "nc"),
        ("16:a:fill:nc:0", "longest time"),
        ("16:a:vent:nc:0;16:b:vent:nc:0", "twice"),
        ("16:a:vent:nc:0;17:a:vent:nc:0", "twice"),
        ("16:a:vent:nc:0:b", "no other output is called b"),
        ("16:a:vent:nc:0:a", "no other output is called a"),
        ("16:a:vent:nc:0;17:b:vent:nc:0:c", "no other output is called c"),
        ("16:a:vent:no:0:b;17:b:vent:no:0", "without power"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(text, why):
    with pytest.raises(ValueError, match=why):
        outputs.parse(text)


def test_the_longest_set_of_outputs_fits_a_setting():
    kinds = ("fill", "vent", "isolate", "bleed", "evacuate", "vent")
    text = ";".join(f"{16 + k}:v{k}:{kind}:nc:600" for k, kind in enumerate(kinds))
    assert settings.check("outputs", text) == text
    assert len(outputs.parse(text)) == 6


def test_the_pins_are_those_that_the_board_releases():
    tree = ast.parse((FIRMWARE / "boards/pico/__init__.py").read_text("utf-8"))
    board = {
        node.targets[0].id: node.value.args[0].value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) == "const"
    }  # fmt: skip
    assert board["_FIRST_OUTPUT"] == settings._FIRST_OUTPUT == outputs.FIRST_PIN
    assert board["_LAST_OUTPUT"] == settings._LAST_OUTPUT == outputs.LAST_PIN
    assert board["_ONEWIRE"] == settings._ONEWIRE_PIN


def test_a_node_without_outputs_loads_nothing_of_them():
    code = "import sys, hullcore.settings as s; s.check_together(s.defaults()); "
    code += "print([n for n in sys.modules if 'outputs' in n or 'interlocks' in n])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=FIRMWARE, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_interpreter_reads_the_same(all_vms):
    printed = all_vms(
        f"""
from hullcore import outputs
for text in ({LINE!r}, "16:a:fill:no:60", "15:a:vent:nc:0", ""):
    try:
        print(outputs.parse(text))
    except ValueError as error:
        print("refused", error)
"""
    )
    assert printed["unix64"] == printed["wasm32"] == printed["cpython"]

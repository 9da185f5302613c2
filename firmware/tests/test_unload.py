"""Modules that are rarely used are forgotten by a collection, and loaded again when needed."""

import importlib

import pytest

from hullcore.messages import CONFIG_COMMIT, CONFIG_GET, CONFIG_STAGE
from hullnode import unload

RARE = tuple(
    ["hullcore." + name for name in unload._CORE] + ["hullnode." + name for name in unload._NODE]
)

ASKED_FOR = {
    "hullcore.outputs", "hullcore.recipecheck", "hullcore.sensormodel", "hullcore.testmessages",
    "hullcore.verdict", "hullnode.asked", "hullnode.commands", "hullnode.greeting",
    "hullnode.pairing", "hullnode.testend", "hullnode.testsetup",
}  # fmt: skip
CHANGING = ["hullcore.settings", "hullnode.commands", "hullnode.configfile", "hullnode.twocopies"]
"""CHANGING is what a change of settings loads; no start with default settings loads the others."""

NODE = """
import gc, sys
from fakes import Board
from hullnode.node import Node
from hullnode.unload import collect
def loaded():
    return sorted([name for name in RARE if name in sys.modules])
board = Board("$ROOT")
node = Node(board, 0)
"""

LOADS = """
print(sorted(set(RARE) - set(loaded())))
collect()
print(loaded())
print(node.command(STAGE, b"volume_ul=-1"))
print(loaded())
collect()
print(loaded(), node.command(STAGE, b"volume_ul=7"), node.command(STAGE, b"period_us=20000"))
collect()
print(node.command(COMMIT, b""), loaded())
collect()
print(loaded(), Node(board, 0).config.values["volume_ul"])
"""

# What has returned leaves pointers on the stack; calls as deep overwrite them. A commit that
# succeeds ends the run, so one that is refused is the most a running node sees.
DIALOGUE = """
def overwrite(n):
    return n and overwrite(n - 1)
def used():
    overwrite(60)
    collect()
    return gc.mem_alloc()
def dialogue():
    for index in range(len(node.config.keys)):
        assert node.command(GET, bytes([index]))[0] == 0
    assert node.command(STAGE, b"i2c_scl=7")[0] == 0
    assert node.command(STAGE, b"volume_ul=nonsense")[0] == 4
    assert node.command(COMMIT, b"")[0] == 5
    print(loaded(), gc.mem_alloc() > before + 4000)
before = used()
for k in range(3):
    dialogue()
    print(used() - before)
"""


def program(text: str) -> str:
    for name, value in (("GET", CONFIG_GET), ("STAGE", CONFIG_STAGE), ("COMMIT", CONFIG_COMMIT)):
        text = text.replace(name, str(value))
    return (NODE + text).replace("RARE", repr(RARE))


def test_they_are_forgotten_and_loaded_again_everywhere(any_vm, tmp_path):
    lines = any_vm(program(LOADS), ROOT=tmp_path).splitlines()
    assert lines == [
        str(sorted(ASKED_FOR)),
        "[]",
        "(4, b'volume_ul: -1 is outside 1 to 10000000000000')",
        str(CHANGING),
        "[] (0, b'') (0, b'')",
        f"(0, b'') {CHANGING}",
        "[] 7",
    ]


def test_a_dialogue_about_settings_leaves_the_heap_as_it_was(chip_vm, tmp_path):
    lines = chip_vm(program(DIALOGUE), ROOT=tmp_path).splitlines()
    assert lines[::2] == [f"{CHANGING} True"] * 3
    changes = [int(line) for line in lines[1::2]]
    assert all(abs(change) <= 64 for change in changes), lines  # a few blocks of dicts
    assert changes[-1] <= changes[0]  # and no more with each dialogue


@pytest.mark.parametrize("name", RARE)
def test_what_is_forgotten_exists(name):
    assert importlib.import_module(name).__name__ == name

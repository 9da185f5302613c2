"""Both ends of the simulated board's pins use the same numbers: one runs on MicroPython only."""

import ast
from pathlib import Path

from hullwatch.bench import busserver

BOARD = Path(__file__).parents[2] / "firmware/boards/vm/buspipe.py"


def test_the_operations_have_the_same_numbers():
    tree = ast.parse(BOARD.read_text("utf-8"))
    board = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, int)
    }
    assert len(board) >= 11
    assert board == {name: getattr(busserver, name) for name in board}

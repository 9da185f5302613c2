"""The node's own code, run on CPython: the one place of the host that imports it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from hullnode import twocopies
from hullnode.node import Node
from hullwatch.sim.board import SimBoard

CONFIG_FILE = "config"


def save_config(folder: Path, settings: Mapping[str, object]) -> None:
    """Write checked settings where a node with this root looks for them."""
    twocopies.save(str(folder), CONFIG_FILE, dict(settings))


def config_files(settings: Mapping[str, object]) -> dict[str, bytes]:
    """The files, by name, that make a node start with these checked settings."""
    with tempfile.TemporaryDirectory() as folder:
        save_config(Path(folder), settings)
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def start_node(board: SimBoard) -> Node:
    """A node that starts measuring on this board."""
    node = Node(board, 0)
    board.console.on_input = node.wake
    return node

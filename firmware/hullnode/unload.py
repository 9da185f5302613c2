"""Garbage collection that also frees what a running node does without.

The modules named here are imported inside the functions that need them: at the start, when
settings change, at the first ack of a store. Heap is short and those moments are rare, so the next
collection forgets them; the function that needs one again loads it again.
"""

import gc
import sys

# without their package: looked up in its dictionary, a sixth of the time of a full name
_CORE = (
    "moremessages",
    "morerecords",
    "outputs",
    "recipecheck",
    "sensormodel",
    "settings",
    "testmessages",
    "verdict",
)
_NODE = (
    "asked",
    "commands",
    "configfile",
    "greeting",
    "identity",
    "noisestore",
    "pairing",
    "spoolcursor",
    "spoolstart",
    "start",
    "testend",
    "testsetup",
    "twocopies",
)


def collect() -> None:
    """Forget the modules that are rarely used, then collect garbage.

    For a board whose modules are the node's alone: in a process that shares them a second copy of
    a class would be another class.
    """
    _forget("hullcore", _CORE)
    _forget("hullnode", _NODE)
    _forget("hullnode.drivers", ("catalogue",))
    gc.collect()


def _forget(package: str, names: tuple) -> None:
    loaded = sys.modules[package].__dict__
    for name in names:
        if name in loaded:
            del loaded[name]
            del sys.modules[package + "." + name]

"""Garbage collection that also frees what a running node does without.

The modules named here are imported inside the functions that need them: at the start, when
settings change, at the first ack of a store. Heap is short and those moments are rare, so the next
collection forgets them; the function that needs one again loads it again.
"""

import gc
import sys

# without their package: a string of more than 15 bytes costs 16 more
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
    "drivers.catalogue",
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

_loaded = 0  # modules after the last look


def collect() -> None:
    """Forget the modules that are rarely used, if any was loaded, then collect garbage.

    For a board whose modules are the node's alone: in a process that shares them a second copy of
    a class would be another class.
    """
    global _loaded  # noqa: PLW0603 - an object to hold it would cost heap
    if len(sys.modules) != _loaded:  # looking for each takes the chip 3.5 ms
        _forget("hullcore.", _CORE)
        _forget("hullnode.", _NODE)
        _loaded = len(sys.modules)
    gc.collect()


def _forget(package: str, names: tuple) -> None:
    for short in names:
        name = package + short
        if name in sys.modules:
            parent, last = name.rsplit(".", 1)
            delattr(sys.modules[parent], last)
            del sys.modules[name]

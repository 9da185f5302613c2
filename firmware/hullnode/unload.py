"""Garbage collection that also frees what a running node does without.

The modules named here are imported inside the functions that need them: at the start, when
settings change, at the first ack of a store. Heap is short and those moments are rare, so the next
collection forgets them; the function that needs one again loads it again.
"""

import gc
import sys

_RARE = (
    "hullcore.moremessages",
    "hullcore.morerecords",
    "hullcore.outputs",
    "hullcore.recipecheck",
    "hullcore.sensormodel",
    "hullcore.settings",
    "hullcore.testmessages",
    "hullcore.verdict",
    "hullnode.asked",
    "hullnode.commands",
    "hullnode.configfile",
    "hullnode.drivers.catalogue",
    "hullnode.greeting",
    "hullnode.identity",
    "hullnode.noisestore",
    "hullnode.spoolcursor",
    "hullnode.spoolstart",
    "hullnode.start",
    "hullnode.testend",
    "hullnode.testsetup",
    "hullnode.twocopies",
)


def collect() -> None:
    """Forget the modules that are rarely used, then collect garbage.

    For a board whose modules are the node's alone: in a process that shares them a second copy of
    a class would be another class.
    """
    for name in _RARE:
        if name in sys.modules:
            package, last = name.rsplit(".", 1)
            delattr(sys.modules[package], last)
            del sys.modules[name]
    gc.collect()

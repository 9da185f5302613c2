"""What a bench can do, by the names that bench files and tests use."""

from __future__ import annotations

MEANINGS = {
    "leak": "a leak of known size can be opened: `chamber.leak`",
    "truth": "what leaked is known, with its uncertainty: `chamber.truth`",
    "heat": "the room or the wall of the chamber can be made warmer: `chamber.heat`",
    "bus_fault": "the sensor's bus can be disturbed: `chamber.bus_fault`",
    "power_cut": "the node's supply can fail: `chamber.power_cut`",
    "link_cut": "the cable to the node can be pulled: `chamber.link_cut`",
    "outputs": "valves hang on the node's outputs, so it can run leak tests",
    "hatches": "several nodes in sections joined by hatches that can be operated: `bench.station`",
    "any_chamber": "volume, gas, temperatures, sensor and plumbing are chosen by the test",
    "virtual_time": "time passes as fast as it can be computed: weeks in minutes",
    "same_seed": "a seed gives the same samples twice",
    "core_hash": "the bench built the firmware itself, so it knows the core hash to expect",
    "heap": "the node tells its free heap",
    "repl": "Ctrl-C leads to a MicroPython prompt",
    "watchdog": "the bench sees the chip's watchdog",
    "usb_stalls": "a host that is attached and does not read can be imitated",
}
"""Every capability and what it means."""

_ANY_SIMULATION = {"leak", "truth", "heat", "bus_fault", "power_cut", "link_cut", "outputs"}
_CHIP = {"core_hash", "heap", "repl", "watchdog"}

POSSIBLE = {
    "sim": _ANY_SIMULATION | {"hatches", "any_chamber", "virtual_time", "same_seed"},
    "mpy": _ANY_SIMULATION | _CHIP | {"hatches", "any_chamber"},
    "pico-emu": _ANY_SIMULATION | _CHIP | {"any_chamber", "usb_stalls"},
    "real": _ANY_SIMULATION | {"hatches", "heap", "repl"},
}
"""By kind of bench, what its file may declare."""

ACTUATED = ("heat", "bus_fault", "power_cut", "link_cut")
"""What a real bench needs a switch for."""

OF_KNOWN_LEAKS = ("leak", "truth")
"""What a real bench has with at least one known leak."""

OF_SECTIONS = ("hatches",)
"""What a bench has whose file has sections and hatches."""

NOT_ON_SIM = {
    "core_hash": "no `.mpy` is built there: the sources run",
    "heap": "CPython's memory says nothing about a Pico's",
    "repl": "there is no MicroPython behind the port",
    "watchdog": "it calls the node itself, without the loop of `hullnode/guard.py` that arms and "
    "feeds it; `firmware/tests/test_guard.py` has that loop on CPython",
    "usb_stalls": "its port is a buffer without end, in which nothing can be stuck",
}
"""What `sim` cannot have, and why: imitated there, it would prove nothing."""

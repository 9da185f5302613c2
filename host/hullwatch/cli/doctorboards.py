"""What `hullwatch doctor` learns from the boards that are plugged in, without stopping a node."""

from __future__ import annotations

from collections.abc import Iterator

from hullwatch.control.registry import claim, holder_of
from hullwatch.errors import HullwatchError
from hullwatch.flash.boardstate import OLDEST, BoardState, survey
from hullwatch.flash.procedure import describe
from hullwatch.flash.wakeup import AT_PROMPT, who
from hullwatch.transport.access import Finding
from hullwatch.transport.discover import PICO_VID, PortInfo
from hullwatch.transport.rawrepl import RawRepl

_ARCHITECTURES = {4: "armv6m", 7: "armv7emsp", 11: "rv32imc"}
"""Of MicroPython's `sys.implementation._mpy >> 10`, py/persistentcode.h: the RP2040's and the
two of the RP2350."""


def boards(ports: list[PortInfo]) -> Iterator[Finding]:
    """One finding for each board nobody holds: the node that runs, or the MicroPython there is."""
    for port in ports:
        if port.vid == PICO_VID and holder_of(port.device) is None:
            try:
                with claim(port.device, "hullwatch doctor", port.serial_number or ""):
                    yield _board(port.device)
            except HullwatchError as error:
                yield Finding(False, f"{port.device}: {error.message}", error.hint)


def _board(device: str) -> Finding:
    hello, why = who(device)
    if hello is not None:
        return Finding(True, f"{device}: {describe(hello)}, running")
    if why != AT_PROMPT:
        return Finding(
            False, f"{device}: {why}",
            "hullwatch flash puts the firmware on it, hullwatch flash --uf2 FILE MicroPython",
        )  # fmt: skip
    with RawRepl(device) as repl:
        try:
            state = survey(repl)
        finally:
            repl.friendly()
    return prompt_finding(device, state)


def prompt_finding(device: str, state: BoardState) -> Finding:
    """A board that stands at its prompt: can it take the firmware?"""
    kind = _ARCHITECTURES.get(state.mpy >> 10, "no machine code")
    what = f"{device}: at its prompt, {state.micropython}, .mpy format {state.mpy & 0xFF}, {kind}"
    if state.name == "micropython" and state.version[:2] >= OLDEST:
        return Finding(True, what, "Ctrl-D or hullwatch node reboot starts its program")
    oldest = ".".join(map(str, OLDEST))
    return Finding(
        False, f"{what}; at least MicroPython {oldest} is needed",
        "hullwatch flash --uf2 FILE puts a newer one on it",
    )  # fmt: skip

"""Things with two positions around a real node: commands, or outputs of a second node."""

from __future__ import annotations

import subprocess
import time
from typing import Protocol

from hullcore import outputs
from hullwatch.errors import HullwatchError, InputError
from hullwatch.hil.benchfile import SwitchRow
from hullwatch.ingest.ownport import own_dialogue
from hullwatch.ingest.settings import read_setting
from hullwatch.link import messages as m

_COMMAND_WITHIN_S = 60.0


class SwitchFailed(HullwatchError):
    """A switch did not do what it was told; the bench cannot be trusted any more."""

    breaks_bench = True


class Switch(Protocol):
    """Something that is on or off."""

    name: str

    def set(self, on: bool) -> None:
        """Move it, and wait until it has settled; SwitchFailed."""
        ...


class CommandSwitch:
    """A switch that two programs move: `uhubctl`, a relay's tool, a script."""

    def __init__(self, row: SwitchRow) -> None:
        self.name = row.name
        self._row = row

    def set(self, on: bool) -> None:
        """Run the program; an exit code other than 0 is a failure."""
        command = self._row.on if on else self._row.off
        told = f"switch {self.name}: {' '.join(command)}"
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_COMMAND_WITHIN_S, check=False
            )
        except OSError as error:
            raise SwitchFailed(f"{told}: {error.strerror}", "is the program installed?") from error
        except subprocess.TimeoutExpired as error:
            raise SwitchFailed(f"{told} did not end in {_COMMAND_WITHIN_S:g} s") from error
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise SwitchFailed(f"{told}: exit code {done.returncode}, {' '.join(said[-1:])}")
        time.sleep(self._row.settle_s)


class OutputSwitch:
    """An output of a second node; the others of that node stay as they are.

    The node lets go by itself after `longest_s`, also when this program dies.
    """

    def __init__(self, row: SwitchRow) -> None:
        self.name = row.name
        self._row = row

    def set(self, on: bool) -> None:
        """Ask the second node; Refused, TransportError and the like are a failure."""
        row = self._row
        try:
            with own_dialogue(row.node) as dialogue:
                bit = 1 << _output(read_setting(dialogue, "outputs"), row)
                state = m.TEST_PROGRESS.unpack(dialogue.ask_now(m.TEST_STATE))
                opened = state["opened"]
                assert isinstance(opened, int)
                mask = opened | bit if on else opened & ~bit
                hold_ms = round(row.longest_s * 1000)
                dialogue.ask_now(m.TEST_OUTPUTS, m.TEST_OUTPUTS.struct.pack(mask, hold_ms))
        except HullwatchError as error:
            raise SwitchFailed(f"switch {self.name}: {error.message}", error.hint) from error
        time.sleep(row.settle_s)


def made(row: SwitchRow) -> Switch:
    """The switch of a row."""
    return CommandSwitch(row) if row.on else OutputSwitch(row)


def _output(wiring: str, row: SwitchRow) -> int:
    names = [known[1] for known in outputs.parse(wiring)]
    if row.output not in names:
        raise InputError(
            f"the second node has no output {row.output!r}",
            f"it has {', '.join(names) or 'none'}: hullwatch config set outputs=…",
        )
    return names.index(row.output)

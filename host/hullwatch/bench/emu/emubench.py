"""Bench `pico-emu`: the shipped .mpy on a real MicroPython for the Pico, on an emulated RP2040.

The port's `read` lets emulated time pass until the node has sent something, so whoever drives the
port drives the chip. Nothing here keeps pace with real time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hullwatch.bench.emu.image import find_uf2
from hullwatch.bench.simbench import EPOCH_S
from hullwatch.bench.spec import BenchSpec, World
from hullwatch.errors import MissingCapability, PortBusy
from hullwatch.flash.build import build
from hullwatch.sim.firmware import config_files
from hullwatch.sim.second import ProbeSpec

if TYPE_CHECKING:
    from hullwatch.bench.emu.parts import Parts


class EmuBench:
    """See `bench.base.Bench`. `uf2` is the MicroPython image, else HULLWATCH_UF2 names it.

    `files` are what lies on the node's file system when it is first powered; without them that is
    the build and a configuration for `spec`.

    MissingCapability where the image, the emulator or the compiler is not there.
    """

    name = "pico-emu"

    def __init__(
        self, spec: BenchSpec, uf2: Path | None = None, files: Mapping[str, bytes] | None = None
    ) -> None:
        spec.check()
        if isinstance(spec.second, ProbeSpec) and spec.second.sensor == "ds18b20":
            raise MissingCapability(
                "the emulated chip has no 1-Wire bus", "use --bench sim or mpy, or a tmp117"
            )
        image = find_uf2(uf2)
        self.build = build("pico")
        settings = spec.node_settings()
        uid = hashlib.sha256(b"hullwatch-emu-%d" % spec.seed).digest()[:8]
        if files is None:
            files = self.build.contents() | config_files(settings)
        parts = _parts(image, dict(files), uid)
        self.chip = parts.chip
        self.host = parts.host
        self.world = World(spec, self.chip.now_us)
        self.meter = parts.wire(self.world, settings)
        self._port: EmuPort | None = None

    @property
    def resets(self) -> int:
        """Resets of the chip since it was made: watchdog, machine.reset(), power; not soft ones."""
        return self.chip.resets

    def power_cut(self, after_s: float = 0.0) -> None:
        """After so much more emulated time power fails and comes back; the flash keeps its state.

        An erase or a page that is being written then is done in part.
        """
        self.chip.power_cut(after_s * 1e6)

    def files(self) -> dict[str, bytes]:
        """The node's files as they stand on its flash."""
        return self.chip.files()

    def run_until(self, end_us: float) -> None:
        """Let the chip run until it has sent something or emulated time has reached `end_us`."""
        if not self.host.received:
            self.chip.run_until(end_us)

    def run_for(self, seconds: float) -> None:
        """Let emulated time pass whatever the node sends; nobody handles it meanwhile."""
        end_us = self.chip.us + seconds * 1e6
        while self.chip.us < end_us:
            self.chip.run_until(end_us)

    def elapse(self, seconds: float) -> None:
        """Let emulated time pass; what nobody reads is dropped."""
        self.run_for(seconds)
        self.host.received.clear()

    def act(self, deed: Callable[[int], None]) -> None:
        """Do something to the world now."""
        deed(int(self.chip.us))

    def stall(self, on: bool) -> None:
        """A host that stays attached and does not read, or reads again."""
        self.host.read(not on)

    def open_port(self) -> EmuPort:
        """The node's USB console; PortBusy while it is open."""
        if self._port is not None and self._port.is_open:
            raise PortBusy("the port of the emulated node is open already")
        self._port = EmuPort(self)
        return self._port

    def now_s(self) -> float:
        """Emulated seconds."""
        return self.chip.us / 1e6

    def utc_s(self) -> float:
        """UTC of emulated time."""
        return EPOCH_S + self.chip.us / 1e6

    def truth_pa_m3_s(self, first_ms: int, last_ms: int) -> float | None:
        """True mean loss between two device times since the last reset of the chip."""
        zero = int(self.chip.reset_us)
        return self.world.truth.mean_loss_pa_m3_s(zero + first_ms * 1000, zero + last_ms * 1000)

    def close(self) -> None:
        """Nothing outside this process was used."""


class EmuPort:
    """The USB console; reading lets emulated time pass."""

    name = "pico-emu"

    def __init__(self, bench: EmuBench) -> None:
        self._bench = bench
        self.is_open = True
        bench.host.open()

    def read(self, timeout_s: float) -> bytes:
        """Bytes from the node, after at most `timeout_s` of emulated time."""
        self._bench.run_until(self._bench.chip.us + timeout_s * 1e6)
        received = self._bench.host.received
        data = bytes(received)
        received.clear()
        return data

    def write(self, data: bytes) -> None:
        """Bytes to the node."""
        self._bench.host.send(data)

    def close(self) -> None:
        """Close the port: the node sees DTR fall."""
        if self.is_open:
            self.is_open = False
            self._bench.host.close()


def _parts(image: Path, files: dict[str, bytes], uid: bytes) -> Parts:
    """The emulated chip and what is on its USB; the emulator is imported here and not before."""
    try:
        from hullwatch.bench.emu import parts
    except ImportError as error:
        raise MissingCapability(
            f"the RP2040 emulator rp2040py is not installed or does not fit: {error}",
            "pip install 'hullwatch[emu]'",
        ) from error
    return parts.Parts(image, files, uid)

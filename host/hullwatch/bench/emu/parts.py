"""What hangs on the emulated chip: the only module that `emubench` imports the emulator through."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hullwatch.bench.emu.chip import Chip
from hullwatch.bench.emu.cpumeter import CpuMeter
from hullwatch.bench.emu.i2cpins import I2cPins
from hullwatch.bench.emu.outputpins import OutputPins
from hullwatch.bench.emu.usbhost import UsbHost
from hullwatch.bench.spec import World


class Parts:
    """The chip, powered but not yet run, with a host on its USB that has no port open."""

    def __init__(self, uf2: Path, files: Mapping[str, bytes], uid: bytes) -> None:
        self.chip = Chip(uf2, files, uid)
        self.host = UsbHost(self.chip)

    def wire(self, world: World, settings: Mapping[str, object]) -> CpuMeter:
        """Join the chamber to the I2C pins of these settings and its valves to the outputs.

        What watches the processor is returned.
        """
        model = world.model
        meter = CpuMeter(self.chip, lambda: model.conversions)
        sda, scl = settings["i2c_sda"], settings["i2c_scl"]
        assert isinstance(sda, int)
        assert isinstance(scl, int)
        i2c = I2cPins(self.chip.mcu, sda, scl, world.bus, meter.transfer)
        self.chip.on_reset.append(i2c.reset)
        OutputPins(self.chip, world.pins)
        return meter

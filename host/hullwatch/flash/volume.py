"""The disk that a board in BOOTSEL mode shows, and copying a UF2 file to it.

Both boot ROMs put INFO_UF2.TXT on it; its Board-ID is RPI-RP2 or RP2350 (RP2040 data sheet 2.8.4,
RP2350 data sheet 5.5).
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from hullwatch.flash.errors import NoVolume, WrongImage
from hullwatch.flash.uf2 import BLOCK, Uf2

_INFO = "INFO_UF2.TXT"
_CHIPS = {"RPI-RP2": "RP2040", "RP2350": "RP2350"}
_ID_FILES = ("idVendor", "idProduct")
_BOOTSEL_IDS = (("2e8a", "0003"), ("2e8a", "000f"))  # boot ROMs of RP2040 and RP2350
_CHUNK = 64 * BLOCK
_RESTARTED = (errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOENT, errno.ESTALE)
"""What writing says once the board has all blocks and has restarted without its disk."""

_BOOTSEL = (
    "hold BOOTSEL while plugging the board in, have its disk mounted, and run it again; or name "
    "the disk's folder with --volume"
)


def mount_points(mounts: Path = Path("/proc/mounts")) -> list[Path]:
    """Folders that disks are mounted on: the kernel's list, or macOS's one folder of them."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        volumes = Path("/Volumes")
        return sorted(volumes.iterdir()) if volumes.is_dir() else []
    fields = [line.split()[1] for line in lines if len(line.split()) > 1]
    return [Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), f)) for f in fields]


def chip_of(volume: Path) -> str | None:
    """RP2040 or RP2350 for the disk of a board in BOOTSEL mode, else None."""
    try:
        info = (volume / _INFO).read_text("ascii", "replace")
    except OSError:
        return None
    match = re.search(r"^Board-ID:\s*(\S+)", info, re.MULTILINE)
    return _CHIPS.get(match[1]) if match else None


def bootsel_boards(devices: Path = Path("/sys/bus/usb/devices")) -> int:
    """Boards in BOOTSEL mode on the USB, mounted or not; 0 where the kernel does not say."""
    found = 0
    for device in devices.glob("*"):
        with contextlib.suppress(OSError):
            ids = tuple((device / name).read_text("ascii").strip() for name in _ID_FILES)
            found += ids in _BOOTSEL_IDS
    return found


def find_volume(mounted: Iterable[Path]) -> Path:
    """The only disk of a board in BOOTSEL mode among `mounted`. Raises NoVolume."""
    found = [path for path in mounted if chip_of(path)]
    if not found:
        raise NoVolume("no board in BOOTSEL mode is mounted", _BOOTSEL)
    if len(found) > 1:
        raise NoVolume(
            f"{len(found)} boards in BOOTSEL mode: {', '.join(map(str, found))}",
            "name one of them with --volume",
        )
    return found[0]


def wait_for_volume(
    mounted: Callable[[], Iterable[Path]], within_s: float, pause_s: float = 0.2
) -> Path:
    """The same, for a board that was just told to restart into BOOTSEL mode. Raises NoVolume."""
    deadline_s = time.monotonic() + within_s
    while True:
        try:
            return find_volume(mounted())
        except NoVolume:
            if time.monotonic() > deadline_s:
                raise
        time.sleep(pause_s)


def copy(image: Uf2, volume: Path, progress: Callable[[int, int], None]) -> None:
    """Write the image to the disk; the board restarts by itself after the last block.

    WrongImage when the board has another chip, NoVolume when the disk cannot be written or goes
    away before all blocks are there: the boot ROM waits on, and the copy can be repeated.
    """
    chip = chip_of(volume)
    if chip is None:
        raise NoVolume(f"{volume} is no disk of a board in BOOTSEL mode", _BOOTSEL)
    if chip != image.chip:
        raise WrongImage(
            f"{image.path} is for the {image.chip}, the board on {volume} has an {chip}",
            "download the .uf2 for your board from micropython.org/download",
        )
    data = image.path.read_bytes()
    written = 0
    try:
        with (volume / image.path.name).open("wb", buffering=0) as target:
            while written < len(data):
                written += target.write(data[written : written + _CHUNK])
                os.fsync(target.fileno())
                progress(written, len(data))
    except OSError as error:
        if written < len(data) or error.errno not in _RESTARTED:
            raise NoVolume(
                f"{volume}: {written} of {len(data)} bytes were written ({error.strerror})",
                "hold BOOTSEL while plugging it in again, and repeat",
            ) from error

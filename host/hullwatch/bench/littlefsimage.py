"""littlefs images as the Pico's MicroPython makes them: 4096-byte blocks, 256-byte pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from hullwatch.errors import MissingCapability

BLOCK = 4096
BLOCKS = 352
"""1408 KiB: the file system of a Pico with 2 MiB of flash."""

_PAGE = 256
_DISK_VERSION = 0x00020000  # what every MicroPython since 1.12 mounts


def _littlefs() -> Any:
    try:
        import littlefs
    except ImportError as error:
        raise MissingCapability(
            "littlefs-python is not installed", "pip install 'hullwatch[mpy]'"
        ) from error
    return littlefs


def _opened(image: bytes | None, blocks: int) -> Any:
    """A mounted file system: a new one, or the one in `image`, of whatever version it is."""
    lib = _littlefs()
    context = lib.UserContext(buffsize=BLOCK * blocks)
    if image is not None:
        context.buffer = bytearray(image)
    fs = lib.LittleFS(
        context=context, mount=False, block_size=BLOCK, block_count=blocks, prog_size=_PAGE,
        disk_version=_DISK_VERSION if image is None else 0,
    )  # fmt: skip
    if image is None:
        fs.format()
    fs.mount()
    return fs


def write(path: Path, files: Mapping[str, bytes], blocks: int = BLOCKS) -> None:
    """Make an image with these files (names with / make folders)."""
    path.write_bytes(image_of(files, blocks))


def image_of(files: Mapping[str, bytes], blocks: int = BLOCKS) -> bytes:
    """An image with these files, as bytes."""
    fs = _opened(None, blocks)
    for name, data in files.items():
        folder = str(PurePosixPath(name).parent)
        if folder != ".":
            fs.makedirs(folder, exist_ok=True)
        with fs.open(name, "wb") as f:
            f.write(data)
    fs.unmount()
    return bytes(fs.context.buffer)


def read(image: bytes) -> dict[str, bytes]:
    """All files of an image by path."""
    fs = _opened(image, len(image) // BLOCK)
    files = {}
    for folder, _, names in fs.walk("/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            with fs.open(path, "rb") as f:
                files[path.lstrip("/")] = f.read()
    fs.unmount()
    return files

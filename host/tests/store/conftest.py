"""Things the store is fed with, and a disk that is watched and can fail."""

import binascii
import ctypes
import sqlite3
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from hullcore.rawblock import RawPacker
from hullwatch.link import rawblock, recordview
from hullwatch.link.messages import HELLO
from hullwatch.link.recordkinds import PROFILE
from hullwatch.store import Store

UID = bytes.fromhex("e66138528350b42c")
NOW_US = 1_700_000_000_000_000


@pytest.fixture
def uid():
    return UID


@pytest.fixture
def now_us():
    return NOW_US


@pytest.fixture
def hello():
    """Makes the fields of a HELLO as they come off the wire."""

    def make(**changes):
        fields = {
            "protocol": 1, "fw_major": 1, "fw_minor": 2, "fw_patch": 3, "reset_cause": 1,
            "capabilities": 0, "uid": UID, "core_hash": bytes(range(32)), "boot": 7,
            "epoch": 0xE0C4, "oldest_record": 0, "next_record": 0, "raw_boot": 7, "oldest_raw": 0,
            "store": 0, "config": 0,
            "period_us": 100_000, "wraps": 0, "ms": 1000, "board": b"pico",
        }  # fmt: skip
        assert set(changes) <= set(fields)
        fields.update(changes)
        return HELLO.unpack(HELLO.struct.pack(*(fields[x.name] for x in HELLO.fields)))

    return make


def _record(number, kind, body, epoch=0xE0C4, boot=7, wraps=0, ms=0, flags=0):
    head = struct.pack("<IIIBBHIH", number, epoch, boot, kind, 1, wraps, ms, flags)
    data = (head + body).ljust(172, b"\0")
    return recordview.parse(data + struct.pack("<I", binascii.crc32(data)))


@pytest.fixture
def window_record():
    """Makes a WINDOW record: a leak of 1e-4 Pa·m³/s ± 2.5e-6 over 10 s at 101325 Pa and 300 K."""

    def make(
        number, window_ms=10_000, u95=2_500_000_000, gas=0, first=0, reserve=0xFFFFFFFF, trend=0,
        **head,
    ):  # fmt: skip
        body = struct.pack(
            "<IIQQIHIiiiiqqqqqIBBBBBIIqqqqhiIB",
            window_ms, 0, first, first + 99, 100, 0, 5000, 101_000 * 256, 101_325 * 256,
            300 * 65536, 100_000 * 256, -100_000_000_000, -90_000_000_000, 1_000_000_000,
            100_000_000_000, u95, 293_150, gas, 1, 1, 0, 5, 0xFFFFFFFF, 4, 0, 0, -1, -1, 0, 0,
            reserve, trend,
        )  # fmt: skip
        return _record(number, 1, body, **head)

    return make


@pytest.fixture
def event_record():
    """Makes an EVENT record."""

    def make(number, code=1, severity=0, a=0, b=0, c=0, text=b"", **head):
        return _record(number, 2, struct.pack("<HBqqq64s", code, severity, a, b, c, text), **head)

    return make


@pytest.fixture
def profile_record():
    """Makes a PROFILE record: white noise of (5 ± 0.2)e-4 Pa²·s, no random walk."""

    def make(number, source=0, utc_s=0, **head):
        body = PROFILE.struct.pack(
            0, 60_000, source, 999, 30, 1_000_000, 90_000_000, 500_000_000_000, 0,
            20_000_000_000, 0, 0, 0, utc_s, 0,
        )  # fmt: skip
        return _record(number, PROFILE.id, body, **head)

    return make


@pytest.fixture
def config_record():
    """Makes a CONFIG record."""

    def make(number, period_us=100_000, **head):
        body = struct.pack(
            "<I16s12sBHIIBBBQIIIIIII",
            4, b"jar", b"bmp581", 0x47, 64, period_us, 4, 0, 1, 2, 1_000_000, 293_150, 101_325,
            10, 60, 0, 0, 0,
        )  # fmt: skip
        return _record(number, 3, body, **head)

    return make


@pytest.fixture
def raw_block():
    """Makes decoded blocks of consecutive samples, packed by the node's own packer."""

    def make(first, count=40, boot=7, config=0, late_us=0, ms=None, seed=0):
        rng = np.random.default_rng((seed, first))
        packer = RawPacker(0, 0)
        for _ in range(count):
            packer.add(
                101_325 * 256 + int(rng.integers(-100, 100)), 19_660_800 + int(rng.integers(9))
            )
        due_ms = 100 * first if ms is None else ms
        payload = packer.close(boot, config, first, due_ms >> 30, due_ms & 0x3FFFFFFF, late_us, 0)
        assert packer.count == 0
        return rawblock.decode(payload)

    return make


@pytest.fixture
def path(tmp_path):
    return tmp_path / "hull.db"


@pytest.fixture
def store(path):
    with Store.open(path, NOW_US, "hullwatch log") as opened:
        yield opened


# --- a watched disk ------------------------------------------------------------------------------

_POINTER = ctypes.sizeof(ctypes.c_void_p)
_OPEN = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
)
_WRITE = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_VFS_BYTES, _VFS_NAME, _VFS_OPEN = 40 + 16 * _POINTER, 24, 40  # struct sqlite3_vfs, version 3
_IO_BYTES, _IO_WRITE, _IO_SYNC = 19 * _POINTER, 3 * _POINTER, 5 * _POINTER  # sqlite3_io_methods


def _at(address, offset):
    return ctypes.c_void_p.from_address(address + offset)


@dataclass
class WatchedDisk:
    """SQLite's file layer with every write and sync of a file logged, and made to fail on demand.

    ``calls``: (what, file name) in order, what = "write" or "sync", and whatever else a test puts
    between. ``fail_from``: the number of the call from which on each returns ``failure``, the
    SQLite result code; None: none fails.
    """

    library: ctypes.CDLL
    calls: list = field(default_factory=list)
    fail_from: int | None = None
    failure: int = sqlite3.SQLITE_FULL

    def install(self):
        self.library.sqlite3_vfs_find.restype = ctypes.c_void_p
        original = self.library.sqlite3_vfs_find(None)
        self._vfs = ctypes.create_string_buffer(ctypes.string_at(original, _VFS_BYTES))
        self._name = ctypes.create_string_buffer(b"watched")
        self._methods, self._names = {}, {}
        open_file = _OPEN(_at(original, _VFS_OPEN).value)

        def opened(_vfs, name, handle, flags, out_flags):
            result = open_file(original, name, handle, flags, out_flags)
            if result == sqlite3.SQLITE_OK:
                self._names[handle] = Path(ctypes.string_at(name).decode()).name if name else ""
                self._patch(handle)
            return result

        self._opened = _OPEN(opened)
        vfs = ctypes.addressof(self._vfs)
        _at(vfs, _VFS_NAME).value = ctypes.addressof(self._name)
        _at(vfs, _VFS_OPEN).value = ctypes.cast(self._opened, ctypes.c_void_p).value
        self.library.sqlite3_vfs_register(ctypes.c_void_p(vfs), 1)

    def remove(self):
        self.library.sqlite3_vfs_unregister(ctypes.c_void_p(ctypes.addressof(self._vfs)))

    def _patch(self, handle):
        original = _at(handle, 0).value
        if original not in self._methods:
            copy = ctypes.create_string_buffer(ctypes.string_at(original, _IO_BYTES))
            write = _WRITE(_at(original, _IO_WRITE).value)
            sync = _SYNC(_at(original, _IO_SYNC).value)
            logged = (
                _WRITE(lambda f, data, n, at: self._fails("write", f) or write(f, data, n, at)),
                _SYNC(lambda f, flags: self._fails("sync", f) or sync(f, flags)),
            )
            for offset, function in zip((_IO_WRITE, _IO_SYNC), logged, strict=True):
                _at(ctypes.addressof(copy), offset).value = ctypes.cast(
                    function, ctypes.c_void_p
                ).value
            self._methods[original] = (copy, logged)
        _at(handle, 0).value = ctypes.addressof(self._methods[original][0])

    def _fails(self, what, handle):
        self.calls.append((what, self._names[handle]))
        if self.fail_from is not None and len(self.calls) > self.fail_from:
            return self.failure
        return 0


@pytest.fixture
def disk():
    """The disk under every connection opened in this test."""
    module = pytest.importorskip("_sqlite3")
    try:
        library = ctypes.CDLL(module.__file__)
        assert library.sqlite3_vfs_register
    except (AttributeError, OSError, TypeError) as reason:
        pytest.skip(f"this Python hides its SQLite's file layer: {reason}")
    if _POINTER != 8:
        pytest.skip("the struct offsets are those of 64-bit machines")
    watched = WatchedDisk(library)
    watched.install()
    yield watched
    watched.remove()

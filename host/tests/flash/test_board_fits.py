"""Which board can load which build, and what its flash still holds."""

import dataclasses
import json
import zlib

import pytest

from hullwatch.flash.boardstate import BoardState, _unacked, check_fits
from hullwatch.flash.build import Build, build
from hullwatch.flash.compiler import Compiler
from hullwatch.flash.errors import WrongMicroPython
from hullwatch.flash.mpyfile import is_whole
from hullwatch.flash.pack import make_pack

# a Pico's own words: MicroPython 1.28 says _mpy=4870 there: format 6, sub-version 3, armv6m (4)
PICO = BoardState(
    uid="e66138528350b42c", machine="Raspberry Pi Pico with RP2040", platform="rp2",
    name="micropython", version=(1, 28, 0), mpy=4870, maxsize=(1 << 31) - 1, code={},
    main_text="", boot_py=False, pack_bytes=-1, crash="", unacked_records=0, raw_pages=0,
    block_bytes=4096, free_blocks=300,
)  # fmt: skip


@pytest.fixture
def made(tmp_path):
    def make(head, board="pico"):
        (tmp_path / "one.mpy").write_bytes(bytes(head) + NOTHING)
        (tmp_path / "main.py").write_text("")
        return Build(board, tmp_path, "00", ("main.py", "one.mpy"))

    return make


NOTHING = bytes((0, 0, 4 << 3)) + b"code"  # no names, no constants, four bytes of bytecode
GOOD = (0x4D, 6, 0, 31)
MACHINE_CODE = (0x4D, 6, 4 << 2 | 3, 31)  # armv6m, sub-version 3


@pytest.mark.parametrize("head", [GOOD, MACHINE_CODE, (0x4D, 6, 3, 31)])
def test_what_the_board_can_load_passes(made, head):
    check_fits(PICO, made(head))


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ((0x43, 6, 0, 31), "no .mpy file"),
        ((0x4D, 5, 0, 31), "format 5, .* loads format 6"),
        ((0x4D, 7, 0, 31), "format 7, .* loads format 6"),
        ((0x4D, 6, 7 << 2 | 3, 31), "architecture 7.3, the board has 4.3"),
        ((0x4D, 6, 4 << 2 | 2, 31), "architecture 4.2, the board has 4.3"),
        ((0x4D, 6, 0, 63), "63-bit small integers, the board has 31"),
    ],
)
def test_what_it_cannot_load_is_refused_with_what_to_do(made, head, told):
    with pytest.raises(WrongMicroPython, match=told) as caught:
        check_fits(PICO, made(head))
    assert caught.value.hint


def test_every_module_of_a_build_is_whole_and_no_part_of_it_is():
    for name, data in build("vm").contents().items():
        if name.endswith(".mpy"):
            assert is_whole(data), name
            assert not is_whole(data + b"\0"), name
    data = build("vm").contents()["hullnode/clock.mpy"]
    assert not any(is_whole(data[:size]) for size in range(len(data)))


def test_a_constant_of_each_kind_is_gone_over(tmp_path):
    source = tmp_path / "all.py"
    source.write_text(
        "def f(a):\n  x = 1e300, 2j, 1 << 90, b'', b'ab', 'cd' * 300\n"
        "  return (lambda: (x, None, True, False, ..., ('text of its own', (b'deep', 3.5))))\n"
        "y = (b'0' * 200, 'c', 123456789012345678901234567890, (1.5, 2j, ..., None, (), ('x',)))\n"
    )
    Compiler().compile(source, "all.py", tmp_path / "all.mpy")
    data = (tmp_path / "all.mpy").read_bytes()
    assert is_whole(data)
    assert not any(is_whole(data[:size]) for size in range(len(data)))


def test_a_module_that_ends_early_is_refused(made, tmp_path):
    one = made(GOOD)
    (tmp_path / "one.mpy").write_bytes(bytes(GOOD) + NOTHING[:-1])
    with pytest.raises(WrongMicroPython, match=r"one\.mpy is damaged") as caught:
        check_fits(PICO, one)
    assert "build again" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "told", "hint"),
    [
        ({"version": (1, 19, 1)}, "MicroPython 1.19.1 on .*Pico.*; at least 1.27", "--uf2"),
        ({"name": "circuitpython", "version": (9, 2, 0)}, "circuitpython 9.2.0", "--uf2"),
        ({"platform": "esp32", "machine": "ESP32"}, "no firmware for this kind", "RP2040"),
        ({"platform": "linux"}, "takes the firmware for vm, not for pico", "--build"),
    ],
)
def test_other_boards_are_refused_with_what_to_do(made, change, told, hint):
    with pytest.raises(WrongMicroPython, match=told) as caught:
        check_fits(dataclasses.replace(PICO, **change), made(GOOD))
    assert hint in caught.value.hint


def cursor(generation, acked, base):
    line = json.dumps([generation, [7, acked, base, 1]])
    return f"{line}\n{zlib.crc32(line.encode()):08x}"


def test_the_newer_whole_copy_says_what_is_not_acked():
    assert _unacked((cursor(3, 10, 12), cursor(4, 11, 40))) == 29
    assert _unacked((cursor(5, 40, 40), cursor(4, 11, 40))) == 0
    assert _unacked((cursor(3, 10, 12), cursor(4, 11, 40)[:-9])) == 2
    assert _unacked(("", "")) == 0
    assert _unacked(("nonsense\nzz", "[1]\n0")) == 0


def test_a_pack_is_the_difference_and_always_the_same():
    new = {"main.py": b"m", "hullcore/a.mpy": b"new", "hullcore/b.mpy": b"same"}
    import hashlib

    def sha(data):
        return hashlib.sha256(data).hexdigest()

    old = {"main.py": sha(b"m"), "hullcore/a.mpy": sha(b"old"), "hullcore/b.mpy": sha(b"same"),
           "hullcore/gone.mpy": sha(b"")}  # fmt: skip
    pack = make_pack(new, old)
    assert pack.paths == ("hullcore/a.mpy", "main.py")
    assert pack.stale == ("hullcore/gone.mpy",)
    line, contents = zlib.decompress(pack.data).split(b"\n", 1)
    assert json.loads(line) == {
        "files": [["hullcore/a.mpy", 3, sha(b"new")], ["main.py", 1, sha(b"m")]],
        "stale": ["hullcore/gone.mpy"],
    }
    assert contents == b"newm"
    assert make_pack(dict(reversed(new.items())), old).data == pack.data
    assert pack.hash_of(5) == sha(pack.data[:5])

"""UF2 files, whole and broken, and the disk of a board in BOOTSEL mode."""

import struct

import pytest

from hullwatch.flash import uf2, volume
from hullwatch.flash.errors import NoVolume, WrongImage

# words and family ids as in Microsoft's UF2 specification and its uf2families.json
START0, START1, END = 0x0A324655, 0x9E5D5157, 0x0AB16F30
RP2040, RP2350, ABSOLUTE, SAMD21 = 0xE48BFF56, 0xE48BFF59, 0xE48BFF57, 0x68ED2B88


def block(number, total, family=RP2040, address=None, size=256, flags=0x2000, **magic):
    address = 0x10000000 + 256 * number if address is None else address
    words = (
        magic.get("start0", START0), magic.get("start1", START1), flags, address, size, number,
        total, family,
    )  # fmt: skip
    return struct.pack("<8I", *words) + bytes(476) + struct.pack("<I", magic.get("end", END))


def image(total=4, **changes):
    return b"".join(block(number, total, **changes) for number in range(total))


@pytest.fixture
def file(tmp_path):
    def make(data, name="image.uf2"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return make


def test_whole_images_are_read(file):
    pico = uf2.load(file(image(7)))
    assert (pico.chip, pico.blocks, pico.payload_bytes) == ("RP2040", 7, 7 * 256)
    workaround = block(0, 2, ABSOLUTE, address=0x10FFFF00)  # picotool's block for erratum E10
    pico2 = uf2.load(file(workaround + image(5, family=RP2350)))
    assert (pico2.chip, pico2.blocks) == ("RP2350", 5)


BROKEN = {
    "empty": (b"", "0 bytes are no whole number"),
    "a torn last block": (image()[:-1], "2047 bytes are no whole number"),
    "the last block missing": (image()[:-512], "3 of 4 blocks"),
    "the first block missing": (image()[512:], "is number 1 of 4, expected 0"),
    "two blocks swapped": (block(0, 3) + block(2, 3) + block(1, 3), "is number 2 of 3, expected 1"),
    "a block twice": (block(0, 2) + block(0, 2), "is number 0 of 2, expected 1"),
    "another total on the way": (block(0, 2) + block(1, 3), "is number 1 of 3, expected 1 of 2"),
    "text": (b"<html>".ljust(512), "not a UF2 file"),
    "wrong second word": (block(0, 1, start1=START0), "not a UF2 file"),
    "a damaged end": (block(0, 2) + block(1, 2, end=0), "block 1 is damaged"),
    "no family": (image(flags=0), "names no family"),
    "another chip": (image(family=SAMD21), "0x68ed2b88 is neither"),
    "into RAM": (image(address=0x20000000), "0x20000000: not to flash"),
    "not on a page": (block(0, 1, address=0x10000010), "not to flash"),
    "half a page": (image(size=128), "writes 128 bytes"),
    "not main flash": (image(flags=0x2001), "not to flash"),
    "both chips": (image(2) + image(2, family=RP2350), "several chips"),
    "only the work-around": (block(0, 2, ABSOLUTE), "for no chip of ours"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_images_are_told_apart(file, name):
    data, told = BROKEN[name]
    with pytest.raises(WrongImage, match=told) as caught:
        uf2.load(file(data))
    assert "micropython.org/download" in caught.value.hint


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(WrongImage, match="No such file"):
        uf2.load(tmp_path / "none.uf2")


# --- the disk ------------------------------------------------------------------------------------

INFO = "UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: RPI-RP2\n"
INFO_2350 = "UF2 Bootloader v1.0\nModel: Raspberry Pi RP2350\nBoard-ID: RP2350\n"


@pytest.fixture
def disk(tmp_path):
    def make(name="RPI-RP2", info=INFO):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "INFO_UF2.TXT").write_text(info)
        return folder

    return make


def test_the_only_board_is_found_among_all_mounts(disk, tmp_path):
    pico = disk()
    other = disk("stick", "Board-ID: SAMD21G18A-Feather-v0\n")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert volume.find_volume([empty, other, tmp_path / "gone", pico]) == pico
    assert volume.chip_of(pico) == "RP2040"
    assert volume.chip_of(disk("RP2350", INFO_2350)) == "RP2350"
    with pytest.raises(NoVolume, match="no board in BOOTSEL mode is mounted"):
        volume.find_volume([empty, other])
    with pytest.raises(NoVolume, match="2 boards in BOOTSEL mode"):
        volume.find_volume([pico, disk("again")])


def test_mount_points_are_read_with_their_escapes(tmp_path):
    table = tmp_path / "mounts"
    table.write_text(
        "proc /proc proc rw 0 0\n/dev/sda1 /media/you/MY\\040DISK vfat rw,nosuid 0 0\n"
    )
    assert [str(path) for path in volume.mount_points(table)] == ["/proc", "/media/you/MY DISK"]


def test_boards_on_the_usb_are_counted(tmp_path):
    for name, ids in {"1-1": ("2e8a", "0003"), "1-2": ("2e8a", "0005"), "1-3": ("2e8a", "000f"),
                      "usb1": ("1d6b", "0002")}.items():  # fmt: skip
        (tmp_path / name).mkdir()
        for file, value in zip(("idVendor", "idProduct"), ids, strict=True):
            (tmp_path / name / file).write_text(value + "\n")
    (tmp_path / "1-1:1.0").mkdir()
    assert volume.bootsel_boards(tmp_path) == 2
    assert volume.bootsel_boards(tmp_path / "none") == 0


def test_an_image_is_copied_whole(disk, file):
    data = image(300)
    seen = []
    volume.copy(uf2.load(file(data)), disk(), lambda done, total: seen.append((done, total)))
    assert (file(data).parent / "RPI-RP2" / "image.uf2").read_bytes() == data
    assert seen[-1] == (len(data), len(data))
    assert len(seen) > 2


def test_an_image_for_another_chip_is_not_copied(disk, file):
    folder = disk("RP2350", INFO_2350)
    with pytest.raises(WrongImage, match=r"for the RP2040, the board on .* RP2350"):
        volume.copy(uf2.load(file(image())), folder, lambda *_: None)
    assert [path.name for path in folder.iterdir()] == ["INFO_UF2.TXT"]


def test_a_disk_that_goes_away_early_is_told_and_late_is_not(disk, file, monkeypatch):
    """The board restarts after the last block: what the last sync says then is no fault."""
    data = image(300)
    for after, fails in ((1, True), (5, False)):
        folder = disk(f"disk{after}")
        count = 0

        def sync(_fd, after=after):
            nonlocal count
            count += 1
            if count == after:
                raise OSError(5, "Input/output error")

        monkeypatch.setattr(volume.os, "fsync", sync)
        if fails:
            with pytest.raises(NoVolume, match="32768 of 153600 bytes were written"):
                volume.copy(uf2.load(file(data)), folder, lambda *_: None)
        else:
            volume.copy(uf2.load(file(data)), folder, lambda *_: None)


def test_a_plain_folder_is_no_board(tmp_path, file):
    with pytest.raises(NoVolume, match="is no disk of a board"):
        volume.copy(uf2.load(file(image())), tmp_path, lambda *_: None)

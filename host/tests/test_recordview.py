import binascii
import struct

import pytest

from hullcore import records
from hullwatch.errors import ProtocolError
from hullwatch.link import recordview


def sealed(body):
    """174 − 2 bytes closed with a CRC worked out here."""
    body = body.ljust(172, b"\0")
    return body + struct.pack("<I", binascii.crc32(body))


def test_header_and_body_of_an_event_written_by_hand():
    data = sealed(
        struct.pack("<IIIBBHIH", 41, 0xE0C4, 9, 2, 1, 3, 77, 0b101)
        + struct.pack("<HBqqq64s", 5, 1, -1, 2, 3, "über".encode())
    )
    record = recordview.parse(data)
    assert (record.number, record.epoch, record.boot) == (41, 0xE0C4, 9)
    assert (record.kind, record.version, record.name) == (2, 1, "EVENT")
    assert record.device_ms == 3 * 2**30 + 77
    assert record.flags == 0b101
    assert [record.integer(x) for x in ("code", "severity", "a", "b", "c")] == [5, 1, -1, 2, 3]
    assert record.text("text") == "über"
    assert record.data == data


def test_the_node_s_builder_is_understood():
    stamp = records.RecordStamp(epoch=5, boot=6, number=7)
    record = recordview.parse(records.event_record(stamp, 0, 9, 2 << 12 | 8, 1, 2, 3, "x" * 80))
    assert (record.number, record.epoch, record.boot, record.device_ms) == (7, 5, 6, 9)
    assert (record.integer("code"), record.integer("severity")) == (8, 2)
    assert record.text("text") == "x" * 64


def test_every_single_bit_error_is_noticed():
    data = sealed(struct.pack("<IIIBBHIH", 1, 2, 3, 2, 1, 0, 5, 0))
    for bit in range(len(data) * 8):
        bad = bytearray(data)
        bad[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ProtocolError, match="CRC"):
            recordview.parse(bytes(bad))


@pytest.mark.parametrize("size", [0, 22, 175, 177])
def test_another_length_is_refused(size):
    with pytest.raises(ProtocolError, match=f"{size} bytes"):
        recordview.parse(bytes(size))


def test_unknown_kinds_and_versions_are_kept_without_a_body():
    for kind, version in ((99, 1), (1, 2)):
        record = recordview.parse(sealed(struct.pack("<IIIBBHIH", 1, 2, 3, kind, version, 0, 5, 0)))
        assert (record.kind, record.version, record.name, record.body) == (kind, version, "", {})


def test_text_that_is_no_utf8_is_shown_as_replacement():
    data = sealed(
        struct.pack("<IIIBBHIH", 1, 2, 3, 2, 1, 0, 5, 0)
        + struct.pack("<HBqqq64s", 1, 0, 0, 0, 0, b"\xff\xfeab\0cd")
    )
    record = recordview.parse(data)
    assert record.text("text") == "\ufffd\ufffdab"
    with pytest.raises(TypeError):
        record.text("a")
    with pytest.raises(TypeError):
        record.integer("text")

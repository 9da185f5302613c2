"""DS18B20 driver against transcripts of the wire and the data sheet's table of temperatures."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullnode.drivers.ds18b20 import Ds18b20, conversion_us, crc8
from hullnode.drivers.errors import (
    BAD_PROM_CRC,
    CHIP_FAULT,
    CHIP_RESET,
    CONFIG_REFUSED,
    WRONG_ID,
    SensorError,
)

CONFIG = {1: 0x1F, 2: 0x3F, 4: 0x5F, 8: 0x7F}


def remainder_of(data: bytes) -> int:
    """CRC-8 as polynomial division over GF(2): bits as they pass the wire, then eight zeros,
    modulo x^8 + x^5 + x^4 + 1; the remainder read backwards."""
    bits = "".join(f"{byte:08b}"[::-1] for byte in data) + "0" * 8
    number = int(bits, 2)
    while number > 0xFF:
        number ^= 0b100110001 << number.bit_length() - 9
    return int(f"{number:08b}"[::-1], 2)


def with_crc(data: bytes) -> bytes:
    return data + bytes([remainder_of(data)])


ROM = with_crc(b"\x28\x11\x22\x33\x44\x55\x66")


def scratchpad(raw: int, config: int = 0x7F) -> bytes:
    low, high = (raw & 0xFFFF).to_bytes(2, "little")
    return with_crc(bytes([low, high, 0x7F, 0x80, config, 0xFF, 0x0C, 0x10]))


class ScriptedWire:
    """Answers an exact list of resets, writes and reads."""

    def __init__(self, *script: tuple) -> None:
        self.script = list(script)

    def _next(self, *seen: object) -> tuple:
        assert self.script, f"unexpected {seen}"
        entry = self.script.pop(0)
        assert entry[: len(seen)] == seen
        return entry

    def reset(self) -> bool:
        return self._next("reset")[1]

    def write(self, data: bytes) -> None:
        self._next("write", bytes(data))

    def readinto(self, buffer: bytearray) -> None:
        answer = self._next("read")[1]
        assert len(buffer) == len(answer)
        buffer[:] = answer


RESET = ("reset", True)
SILENCE = ("reset", False)


def started(config: int) -> list:
    return [
        RESET, ("write", b"\x33"), ("read", ROM),
        RESET, ("write", b"\xcc\xb4"), ("read", b"\xff"),
        RESET, ("write", bytes([0xCC, 0x4E, 0x7F, 0x80, config])),
        RESET, ("write", b"\xcc\xbe"), ("read", scratchpad(0x0550, config)),
    ]  # fmt: skip


def reading(data: bytes) -> list:
    return [RESET, ("write", b"\xcc\xbe"), *[("read", data[i : i + 3]) for i in (0, 3, 6)]]


@pytest.fixture
def wire():
    wire = ScriptedWire()
    yield wire
    assert wire.script == [], "transfers that never happened"


@pytest.fixture
def sensor(wire):
    driver = Ds18b20(wire, 0, 8, None)
    wire.script = started(0x7F)
    driver.start()
    wire.script = [RESET, ("write", b"\xcc\x44")]
    assert driver.trigger() == 750000
    return driver


# table 1, without the power-up value
@pytest.mark.parametrize(
    ("register", "celsius"),
    [
        (0x07D0, "125"),
        (0x0191, "25.0625"),
        (0x00A2, "10.125"),
        (0x0008, "0.5"),
        (0x0000, "0"),
        (0xFFF8, "-0.5"),
        (0xFF5E, "-10.125"),
        (0xFE6F, "-25.0625"),
        (0xFC90, "-55"),
    ],
)
def test_temperatures_of_the_data_sheet(wire, sensor, register, celsius):
    wire.script = reading(scratchpad(register))
    assert sensor.collect() > 0
    assert sensor.collect() > 0
    assert sensor.collect() == 0
    kelvin = Fraction(celsius) + Fraction("273.15")
    assert 0 <= kelvin - Fraction(sensor.temperature_q16, 65536) < Fraction(1, 65536)


@pytest.mark.parametrize("ratio", CONFIG)
def test_every_resolution(wire, ratio):
    driver = Ds18b20(wire, 0, ratio, None)
    wire.script = started(CONFIG[ratio])
    driver.start()
    # the bits below the resolution are undefined
    wire.script = [RESET, ("write", b"\xcc\x44"), *reading(scratchpad(0x019F, CONFIG[ratio]))]
    assert driver.trigger() == 93750 * ratio
    while driver.collect():
        pass
    step = Fraction(1, 2 * ratio)
    kelvin = 0x019F // (16 * step) * step + Fraction("273.15")
    assert 0 <= kelvin - Fraction(driver.temperature_q16, 65536) < Fraction(1, 65536)
    assert driver.temperature_lsb_q16 == step * 65536 == 1 << driver.temperature_shift
    assert conversion_us(ratio) > 93750 * ratio


def test_crc_of_the_application_note():
    # AN27: ROM 02 1C B8 01 00 00 00, CRC A2
    assert crc8(bytes.fromhex("021CB801000000")) == 0xA2
    assert crc8(bytes.fromhex("021CB801000000A2")) == 0


@given(st.binary(max_size=12))
def test_crc_is_the_polynomial_remainder(data):
    assert crc8(data) == remainder_of(data)


@pytest.mark.parametrize("bit", range(72))
def test_every_single_bit_error_is_refused(wire, sensor, bit):
    data = bytearray(scratchpad(0x0191))
    data[bit // 8] ^= 1 << bit % 8
    wire.script = reading(bytes(data))
    sensor.collect()
    sensor.collect()
    with pytest.raises(SensorError) as refused:
        sensor.collect()
    assert refused.value.code == BAD_PROM_CRC
    assert sensor.temperature_q16 == 0


@pytest.mark.parametrize("data", [scratchpad(0x0550), scratchpad(0x0191, 0x1F)])
def test_a_probe_that_restarted_is_reported(wire, sensor, data):
    wire.script = reading(data)
    sensor.collect()
    sensor.collect()
    with pytest.raises(SensorError) as lost:
        sensor.collect()
    assert lost.value.code == CHIP_RESET


def test_a_sample_given_up_half_way_does_not_disturb_the_next(wire, sensor):
    wire.script = reading(scratchpad(0x0191))[:3]
    sensor.collect()
    wire.script = [RESET, ("write", b"\xcc\x44"), *reading(scratchpad(0x00A2))]
    sensor.trigger()
    while sensor.collect():
        pass
    assert (sensor.temperature_q16 - 17901158) / 65536 == 10.125


def test_silence_is_a_bus_error(wire, sensor):
    wire.script = [SILENCE]
    with pytest.raises(OSError, match="5"):
        sensor.collect()
    wire.script = [SILENCE]
    with pytest.raises(OSError, match="5"):
        sensor.trigger()
    wire.script = [SILENCE]
    with pytest.raises(OSError, match="5"):
        sensor.start()


@pytest.mark.parametrize(
    ("place", "answer", "code"),
    [
        (2, with_crc(b"\x10\x11\x22\x33\x44\x55\x66"), WRONG_ID),
        (2, b"\xff" * 8, BAD_PROM_CRC),
        (5, b"\x00", CHIP_FAULT),
        (10, scratchpad(0x0550, 0x1F), CONFIG_REFUSED),
        (10, b"\xff" * 9, BAD_PROM_CRC),
    ],
)
def test_start_refuses(wire, place, answer, code):
    wire.script = [*started(0x7F)[:place], ("read", answer)]
    with pytest.raises(SensorError) as refused:
        Ds18b20(wire, 0, 8, None).start()
    assert refused.value.code == code

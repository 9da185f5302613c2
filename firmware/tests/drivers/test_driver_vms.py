"""The drivers on the interpreters they ship to: same numbers, nothing allocated, nothing extra
loaded."""

import pytest

# a chip of plain registers; only what a test sets changes
REGISTERS = """
import gc
class Registers:
    def __init__(self):
        self.at = bytearray(256)
    def readfrom_mem_into(self, address, register, buffer):
        at = self.at
        for i in range(len(buffer)):
            buffer[i] = at[register + i]
    def writeto_mem(self, address, register, data):
        at = self.at
        for i in range(len(data)):
            at[register + i] = data[i]
def no_sleep(ms):
    pass
bus = Registers()
"""

BMP581 = """
from hullnode.drivers.catalogue import load
bus.at[0x01] = 0x50
bus.at[0x27] = 0x10
bus.at[0x28] = 0x02
sensor = load("bmp581", bus, 0, 64, no_sleep)
sensor.start()
bus.at[0x27] = 0x01
"""

BMP280 = """
from struct import pack
from hullnode.drivers.catalogue import load
bus.at[0xD0] = 0x58
bus.writeto_mem(0, 0x88, pack("<HhhHhhhhhhhh", 27504, 26435, -1000, 36477, -10685, 3024, 2855,
                              140, -7, 15500, -14600, 6000))
bus.writeto_mem(0, 0xF7, bytes([415148 >> 12, 415148 >> 4 & 255, (415148 & 15) << 4,
                                519888 >> 12, 519888 >> 4 & 255, (519888 & 15) << 4]))
sensor = load("bmp280", bus, 0, 16, no_sleep)
sensor.start()
def sample():
    sensor.trigger()
    bus.at[0xF4] &= 0xFC
    sensor.collect()
"""

MS5837 = """
from hullnode.drivers.catalogue import load
from hullnode.drivers.te import crc4
words = [0x1A << 5, 34982, 36352, 20328, 22354, 26646, 26146, 0]
words[0] |= crc4(words) << 12
class Commands:
    def __init__(self):
        self.adc = bytearray(3)
    def writeto(self, address, data):
        value = 4958179 if data[0] & 0xF0 == 0x40 else 6815414
        self.adc[0] = value >> 16
        self.adc[1] = value >> 8 & 255
        self.adc[2] = value & 255
    def readfrom_mem_into(self, address, register, buffer):
        if register:
            word = words[(register - 0xA0) >> 1]
            buffer[0] = word >> 8
            buffer[1] = word & 255
        else:
            for i in range(3):
                buffer[i] = self.adc[i]
sensor = load("ms5837", Commands(), 0, 8192, no_sleep)
sensor.start()
def sample():
    sensor.trigger()
    sensor.collect()
    sensor.collect()
"""


def test_bmp581(interpreter):
    program = """
for raw_t, raw_p in ((25 * 65536, 6484800), (0x800000, 0xFFFFFF), (0x7FFFFF, 1)):
    bus.writeto_mem(0, 0x1D, bytes([raw_t & 255, raw_t >> 8 & 255, raw_t >> 16,
                                    raw_p & 255, raw_p >> 8 & 255, raw_p >> 16]))
    print(sensor.trigger(), sensor.collect(), sensor.pressure_q8, sensor.temperature_q16)
"""
    assert interpreter(REGISTERS + BMP581 + program).split("\n")[:3] == [
        "43995 0 25939200 19539558",  # 101325 * 256; (25 + 273.15) * 65536 = 19539558.4
        "43995 0 67108860 9512550",
        "43995 0 4 26289765",
    ]


def test_bmp280(interpreter):
    program = "sample()\nprint(sensor.pressure_q8, sensor.temperature_q16)\n"
    # the published example; 128422 / 5120 degC = 1643801.6 / 65536
    assert interpreter(REGISTERS + BMP280 + program) == f"25767233 {1643801 + 17901158}\n"


def test_ms5837(interpreter):
    program = "sample()\nprint(sensor.pressure_q8 // 2560, sensor.temperature_q16 > 19211878)\n"
    assert interpreter(REGISTERS + MS5837 + program) == "39998 False\n"


def test_refusals_carry_code_and_detail(interpreter):
    program = """
from hullnode.drivers.errors import SensorError
from hullnode.drivers.catalogue import load
bus.at[0x01] = 0x33
try:
    load("bmp581", bus, 0, 1, no_sleep).start()
except SensorError as error:
    print(error.code, error.detail)
"""
    assert interpreter(REGISTERS + program) == "1 51\n"


def test_only_the_driver_asked_for_is_loaded(interpreter):
    program = """
from hullnode.drivers.catalogue import load, oversampling_for
print(oversampling_for("bmp280", 100000))
load("bmp280", bus, 0, 16, no_sleep)
print(sorted(name for name in sys.modules if name.startswith("hullnode.drivers.")))
"""
    assert interpreter(REGISTERS + program) == (
        "16\n['hullnode.drivers.bmp280', 'hullnode.drivers.catalogue', 'hullnode.drivers.errors']\n"
    )


# a bus on which every register and every read holds 0x7F, 0x7E, ...; flags are set by the chips
PLAIN = """
from hullcore.settings import defaults
class Words(Registers):
    words = {}
    def readfrom_mem_into(self, address, register, buffer):
        answer = self.words.get(register)
        if answer is None:
            Registers.readfrom_mem_into(self, address, register, buffer)
        else:
            for i in range(len(buffer)):
                buffer[i] = answer[i]
    def readfrom_into(self, address, buffer):
        for i in range(len(buffer)):
            buffer[i] = self.at[i]
    def writeto(self, address, data):
        pass
bus = Words()
def declared(sensor, **changes):
    values = defaults()
    values.update(changes)
    sensor.declare(values)
def sample():
    sensor.trigger()
    while sensor.collect():
        pass
"""

LPS22HB = """
sensor = load("lps22hb", bus, 0, 1, no_sleep)
bus.at[0x27] = 3
for i in range(5):
    bus.at[0x28 + i] = 0x7F
"""

LPS28DFW = """
sensor = load("lps28dfw", bus, 0, 512, no_sleep)
declared(sensor, sensor_model="4060")
bus.at[0x27] = 3
for i in range(5):
    bus.at[0x28 + i] = 0x7F
"""

HSC = """
sensor = load("hsc", bus, 0, 1, no_sleep)
declared(sensor, sensor_model="010BAF")
bus.at[0] = 0x3F
bus.at[1] = bus.at[2] = bus.at[3] = 0xFF
"""

TMP117 = """
sensor = load("tmp117", bus, 0, 64, no_sleep)
bus.words = {1: b"\\x24\\x60", 0: b"\\x80\\x01"}
"""

DS18B20 = """
class Wire:
    scratchpad = b"\\x91\\x01\\x7f\\x80\\x7f\\xff\\x0c\\x10"
    def __init__(self):
        from hullnode.drivers.ds18b20 import crc8
        self.scratchpad += bytes([crc8(self.scratchpad)])
        self.at = 0
    def reset(self):
        self.at = 0
        return True
    def write(self, data):
        pass
    def readinto(self, buffer):
        for i in range(len(buffer)):
            buffer[i] = self.scratchpad[self.at + i]
        self.at += len(buffer)
sensor = load("ds18b20", Wire(), 0, 8, no_sleep)
"""

BMP388 = """
calibration = bytes([0x23, 0x6B, 0x58, 0x49, 0xF6, 0x5C, 0xFF, 0xCE, 0xF4, 0x23, 0x00, 0xEA, 0x63,
                     0x6E, 0x79, 0xF3, 0xF6, 0xAA, 0x43, 0x12, 0xC4])
bus.writeto_mem(0, 0x31, calibration)
bus.writeto_mem(0, 0x03, bytes([0x60, 0x97, 0x9F, 0x6D, 0x73, 0xD8, 0x85]))
sensor = load("bmp388", bus, 0, 32, no_sleep)
sensor._read_calibration()
"""

MS5611 = """
sensor = load("ms5611", bus, 0, 4096, no_sleep)
sensor._c = (40127, 36924, 23317, 23282, 33464, 28312)
bus.words = {0: b"\\x8a\\xa2\\x1a"}
"""

DPS310 = """
sensor = load("dps310", bus, 0, 32, no_sleep)
sensor._c0, sensor._c1, sensor._c00, sensor._c10 = 222, -297, 79832, -56308
sensor._c01, sensor._c11, sensor._c20, sensor._c21, sensor._c30 = -2295, 1444, -9701, 111, -1289
bus.words = {6: b"\\x05\\x03\\xf0\\x04", 0: b"\\xfe\\x00\\x00", 3: b"\\x0f\\x00\\x00"}
"""

ADS1115 = """
sensor = load("ads1115", bus, 0, 128, no_sleep)
declared(sensor, sensor_model="4-20mA", range_high_pa=1000000, shunt_mohm=150000)
bus.words = {1: b"\\xc3\\x03", 0: b"\\x38\\x40"}
"""

LOAD = "from hullnode.drivers.catalogue import load\n"


@pytest.mark.parametrize(
    ("chip", "printed"),
    [
        (LPS22HB, 0x7F7F7F * 25 // 4),
        (LPS28DFW, 0x7F7F7F * 25 // 2),
        (HSC, (25 * 16383 - 16384) * 256_000_000 // 368640),
        (MS5611, None),
        (BMP388, 25824257),  # 100,876.006 Pa
        (DPS310, None),
        (ADS1115, 128_000_000),  # 1.8 V over 150 ohm: 12 mA, half of 10 bar
    ],
    ids=["lps22hb", "lps28dfw", "hsc", "ms5611", "bmp388", "dps310", "ads1115"],
)
def test_the_same_sample_on_every_interpreter(all_interpreters, chip, printed):
    program = REGISTERS + PLAIN + LOAD + chip
    program += "sample()\nprint(sensor.pressure_q8, sensor.temperature_q16)\n"
    answers = {interpreter(program) for interpreter in all_interpreters}
    assert len(answers) == 1
    if printed is not None:
        assert answers.pop().split()[0] == str(printed)


# without collections in between, so that the difference is everything that was allocated
MEASURE = """
gc.disable()
def measure(count):
    before = gc.mem_alloc()
    for _ in range(count):
        sample()
    return (gc.mem_alloc() - before) // count
measure(1)
print(measure(%d))
"""


def test_bmp581_allocates_nothing_with_31_bit_ints(wasm32):
    program = """
import micropython
bus.writeto_mem(0, 0x1D, b"\\xff" * 6)
def sample():
    sensor.trigger()
    sensor.collect()
def locked(count):
    micropython.heap_lock()
    for _ in range(count):
        sample()
    micropython.heap_unlock()
locked(1000)
"""
    printed = wasm32(REGISTERS + BMP581 + program + MEASURE % 1000)
    assert printed == "0\n"


@pytest.mark.parametrize(("chip", "most"), [(BMP280, 800), (MS5837, 480)])
def test_64_bit_compensation_allocates_no_more_than_this(wasm32, chip, most):
    printed = int(wasm32(REGISTERS + chip + MEASURE % 100))
    assert 0 < printed <= most


@pytest.mark.parametrize(
    "chip",
    [LPS22HB, LPS28DFW, HSC, TMP117, DS18B20],
    ids=["lps22hb", "lps28dfw", "hsc", "tmp117", "ds18b20"],
)
def test_chips_that_compensate_themselves_allocate_nothing(wasm32, chip):
    program = REGISTERS + PLAIN + LOAD + chip
    assert wasm32(program + "assert not sensor.ALLOCATES\n" + MEASURE % 1000) == "0\n"


@pytest.mark.parametrize(
    ("chip", "most"),
    [(BMP388, 1050), (MS5611, 660), (DPS310, 1000), (ADS1115, 300)],
    ids=["bmp388", "ms5611", "dps310", "ads1115"],
)
def test_64_bit_compensation_of_the_others_allocates_no_more_than_this(wasm32, chip, most):
    program = REGISTERS + PLAIN + LOAD + chip + "assert sensor.ALLOCATES\n"
    assert 0 < int(wasm32(program + MEASURE % 100)) <= most

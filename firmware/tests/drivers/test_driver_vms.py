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

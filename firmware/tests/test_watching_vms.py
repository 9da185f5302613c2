"""Learned profiles, trends, alarms and a stuck sensor: the same records on every interpreter."""

import struct

import run_on_vm
from hullwatch.link.recordkinds import EVENTS, KIND_BY_ID

PROGRAM = """
import gc
from hullcore import settings
from hullcore.measurement import Measurement
from hullcore.records import RecordStamp
from hullnode import start
from hullnode.clock import DeviceClock
from hullnode.pipeline import Pipeline
from hullnode.rawring import RawRing
from fakes import AllRecords, Time
config = settings.defaults()
config["windows_s"] = (10, 60, 600)
config["compensation"] = "none"
config["trend_s"] = (10, 60)
config["trend_learn"] = 12
config["reserve_limit_pa"] = 60000
config["temp_lag_ms"] = 1000
class Driver:
    pressure_shift = 0
    temperature_shift = 0
time = Time(0, 1073700000)
spool = AllRecords()
stamp = RecordStamp(77, 5)
clock = DeviceClock(time.ticks_ms)
m = Measurement(config, 4, 0)
pipeline = Pipeline(m, config["windows_s"], Driver, clock, spool, RawRing(8 * 181, None, 5), stamp)
start._watching(pipeline, config, "$ROOT")
pipeline.begin()
shown = 0
def show():
    global shown
    for number in range(max(shown, spool.oldest), spool.next):
        print(spool.get(number).hex())
    shown = spool.next
def some(k, x, p):
    for i in range(k, k + 100):
        n = 0
        for _ in range(4):  # a sum of four: enough like a normal distribution
            x = (x * 3877 + 29573) % 139968
            n += x - 69984
        if p is None:
            pipeline.taken(25000000, 19539558)
        elif x % 211 == 0:
            pipeline.missed()
        else:
            pipeline.taken(25939200 - i * p + n * 60 // 139968, 19539558 + (x & 255))
        time.advance(100000)
    show()
    gc.collect()
    return x
x = 1
for k in range(0, 7000, 100):
    x = some(k, x, 0)
for k in range(0, 1500, 100):
    x = some(k, x, 2)
for k in range(0, 300, 100):
    x = some(k, x, 2000)
for k in range(0, 300, 100):
    x = some(k, x, None)
"""


def test_every_record_is_bit_identical_everywhere(on_vm, tmp_path):
    printed = {}
    for vm in run_on_vm.VMS:
        root = tmp_path / vm  # a trend is stored there, and would be gone on with
        root.mkdir()
        printed[vm] = on_vm(vm, PROGRAM, ROOT=root)
    assert len(set(printed.values())) == 1
    records = [bytes.fromhex(line) for line in printed["cpython"].splitlines()]
    kinds = [KIND_BY_ID[data[12], data[13]] for data in records]
    numbers = [struct.unpack_from("<I", data)[0] for data in records]
    assert numbers == list(range(len(records))), "none was pushed out before it was shown"
    assert {kind.name for kind in kinds} == {"WINDOW", "EVENT", "PROFILE", "TREND", "WATCH"}
    codes = [k.unpack(d)["code"] for k, d in zip(kinds, records, strict=True) if k.name == "EVENT"]
    told = {EVENTS[code - 1][0] for code in codes}
    assert {"TREND", "TREND_ALARM", "RAPID", "STALE"} <= told

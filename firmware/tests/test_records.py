"""Records against the host's table, and the same bytes from the same samples everywhere."""

import struct
import zlib

import pytest

from hullcore import records
from hullcore.messages import EVENT_CRASH, EVENT_SENSOR_FAULT
from hullwatch.link import recordkinds

STAMP = records.RecordStamp(0x12345678, 42, 1000)


def unpack(record: bytes) -> tuple[tuple, dict]:
    """Header and body of a record whose length, padding and CRC are right."""
    assert len(record) == 176
    assert zlib.crc32(record[:-4]) == int.from_bytes(record[-4:], "little")
    head = struct.unpack_from("<IIIBBHIH", record)
    kind = recordkinds.KIND_BY_ID[head[3], head[4]]
    end = struct.calcsize("<IIIBBHIH") + kind.struct.size
    assert record[end:-4] == bytes(172 - end)
    return head, kind.unpack(record)


def test_a_window_record_reads_back_through_the_table_of_the_host():
    names = [f.name for f in recordkinds.WINDOW.fields]
    body = tuple(range(100, 100 + len(names)))
    record = records.window_record(STAMP, 7, 8, 9, body)
    head, values = unpack(record)
    assert head == (1000, 0x12345678, 42, 1, 1, 7, 8, 9)
    assert list(values.values()) == list(body)
    assert records.intact(record)


@pytest.mark.parametrize("text", ["", "boom", "x" * 64, "x" * 100, "é" * 40])
def test_an_event_record_keeps_what_fits_of_its_text(text):
    record = records.event_record(STAMP, 1, 2, EVENT_CRASH, -(2**63), 2**63 - 1, 0, text)
    _, values = unpack(record)
    assert values["text"] == text.encode()[:64].ljust(64, b"\0")
    assert (values["severity"], values["a"], values["b"]) == (2, -(2**63), 2**63 - 1)
    name, severity, _ = recordkinds.EVENTS[values["code"] - 1]
    assert (name, severity) == ("CRASH", 2)


def test_severities_come_from_the_table():
    _, values = unpack(records.event_record(STAMP, 0, 0, EVENT_SENSOR_FAULT, 5, 0, 0, ""))
    assert recordkinds.EVENTS[values["code"] - 1][:2] == ("SENSOR_FAULT", values["severity"])


def test_damage_anywhere_shows():
    record = records.event_record(STAMP, 1, 2, EVENT_CRASH, 1, 2, 3, "boom")
    for k in range(176):
        for flip in (1, 128, 255):
            assert not records.intact(record[:k] + bytes([record[k] ^ flip]) + record[k + 1 :])
    assert not records.intact(record[:-1])
    assert not records.intact(record + b"\0")
    assert not records.intact(b"")


PROGRAM = """
import gc
from hullcore import records, settings
from hullcore.estimator import Estimator
from hullcore.measurement import Measurement, window_body
from hullcore.plan import WindowPlan
config = settings.defaults()
config["windows_s"] = (10, 60, 600, 1200)
config["compensation"] = COMPENSATION
config["period_us"] = PERIOD
m = Measurement(config, 4, 3)
stamp = records.RecordStamp(77, 5)
def keep(length_s, first, last, sums, scatter):
    due = 1073700000 + first * m.period_us // 1000
    flags, body = window_body(m, length_s, first, last, sums, scatter, due)
    print(records.window_record(stamp, 0, last, flags, body))
    stamp.number += 1
estimator = Estimator(m, WindowPlan(m.period_us, config["windows_s"]), keep)
def sample(k, x):
    if x % 97 == 0:
        estimator.missing()
    elif x % 101 == 0:
        estimator.late()
    elif x % 103 == 0:
        estimator.sample((x * 7919) & 0x3FFFFFFF, 19539558 + x)
    elif x % 107 == 0:
        estimator.sample(0x3FFFFFFF, (x * 257) & 0x1FFFFFF)
    else:
        estimator.sample(25939200 - k // 3 + (x >> 8), 19200000 + (x & 1023) + k)
def some(k, x):
    for i in range(k, k + 500):
        x = (x * 3877 + 29573) % 139968
        sample(i, x)
    return x
x = 1
k = 0
while k < SAMPLES:
    x = some(k, x)
    k += 500
    gc.collect()
print(estimator.next_number(), estimator.cascade.withheld)
"""


@pytest.mark.parametrize("compensation", ["none", "sensor"])
@pytest.mark.parametrize(("period_us", "samples"), [(100_000, 24_500), (333_333, 4_000)])
def test_window_records_are_bit_identical_everywhere(all_vms, compensation, period_us, samples):
    program = PROGRAM.replace("COMPENSATION", repr(compensation)).replace("PERIOD", str(period_us))
    printed = all_vms(program.replace("SAMPLES", str(samples)))
    lines = printed["cpython"].splitlines()
    assert len(lines) > samples * period_us / 13e6  # a 10 s window each, and the longer ones
    for vm in ("unix64", "wasm32"):
        for number, (here, there) in enumerate(zip(lines, printed[vm].splitlines(), strict=True)):
            assert there == here, f"{vm}: record {number}"


@pytest.mark.parametrize("vm", ["unix64", "wasm32"])
def test_sources_and_compiled_files_give_the_same_records(on_vm, from_sources, vm):
    program = PROGRAM.replace("COMPENSATION", "'sensor'").replace("PERIOD", "100000")
    program = program.replace("SAMPLES", "2500")
    printed = from_sources(vm, program)
    assert printed.count("\n") > 20
    assert printed == on_vm(vm, program) == on_vm("cpython", program)

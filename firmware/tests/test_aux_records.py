"""The same WINDOW records from the same samples everywhere, with a second sensor."""

import pytest

PROGRAM = """
import gc
from hullcore import records, settings
from hullcore.estimator import NO_AUX, estimator_for
from hullcore.measurement import Measurement, window_body
from hullcore.plan import WindowPlan
config = settings.defaults()
config["windows_s"] = (10, 60, 600, 1200)
config.update(CHANGES)
config["temp_lag_ms"] = 20000
config["tempco_mpa_k"] = 500
settings.check_together(config)
m = Measurement(config, 4, 3, LSB)
stamp = records.RecordStamp(77, 5)
def keep(length_s, first, last, sums, scatter):
    due = 1073700000 + first * m.period_us // 1000
    flags, body = window_body(m, length_s, first, last, sums, scatter, due)
    print(records.window_record(stamp, 0, last, flags, body))
    stamp.number += 1
estimator = estimator_for(m, WindowPlan(m.period_us, config["windows_s"]), keep)
verdicts = [0, 0, 0, 0, 0]
def sample(k, x):
    aux = MIDDLE + (x & 1023) + k
    p = 25939200 - k // 3 + (x >> 8)
    if x % 97 == 0:
        estimator.missing()
        return
    elif x % 101 == 0:
        estimator.late()
        return
    elif x % 103 == 0:
        aux = NO_AUX
    elif x % 107 == 0:
        aux = (x * 257) & 0x3FFFFFFF
    elif x % 109 == 0:
        p = (x * 7919) & 0x3FFFFFFF
    verdicts[estimator.sample(p, 19200000 + (x & 511), aux)] += 1
def some(k, x):
    for i in range(k, k + 500):
        x = (x * 3877 + 29573) % 139968
        sample(i, x)
    return x
x = 1
k = 0
while k < 13000:
    x = some(k, x)
    k += 500
    gc.collect()
print(estimator.next_number(), estimator.cascade.withheld, verdicts)
"""
MODES = {
    "probe": ({"aux_sensor": "tmp117"}, 512, 19_200_000),
    "reference": (
        {"aux_sensor": "bmp581", "aux_address": 70, "reference_pa": 101_325,
         "reference_leak_mpa_day": 2000},
        4, 25_939_200,
    ),
    "reference at 25 bar": (
        {"aux_sensor": "ms5837", "reference_pa": 2_500_000, "reference_leak_mpa_day": 2000},
        3, 640_000_000,
    ),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_window_records_are_bit_identical_everywhere(all_vms, mode):
    changes, lsb, middle = MODES[mode]
    changes = changes | {"compensation": mode.split()[0]}
    program = PROGRAM.replace("CHANGES", repr(changes)).replace("LSB", str(lsb))
    printed = all_vms(program.replace("MIDDLE", str(middle)))
    lines = printed["cpython"].splitlines()
    assert len(lines) > 13_000 * 0.1 / 13
    counts = [int(word) for word in lines[-1].split("[")[1].rstrip("]").split(",")]
    assert counts[0] > 12_000
    assert counts[3] > 50  # out of range
    assert counts[4] > 50  # absent
    for vm in ("unix64", "wasm32"):
        for number, (here, there) in enumerate(zip(lines, printed[vm].splitlines(), strict=True)):
            assert there == here, f"{vm}: record {number}"

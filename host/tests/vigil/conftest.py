"""Stores of simulated chambers: readings by numpy, records by hullcore; 1 m³ at 100 kPa."""

import numpy as np
import pytest

from hullwatch.bench.records import Noise, record_readings
from hullwatch.store import MarkRow, Store
from hullwatch.vigil import Criteria

START_US = 1_772_323_200_000_000  # 2026-03-01
HOUR_US = 3_600_000_000
PERIOD_S = 60.0
WHITE_PA = 0.1
UIDS = (bytes.fromhex("e66138528350b42c"), bytes.fromhex("2b1fc4478569a7e9"))


@pytest.fixture
def criteria():
    return Criteria(
        window_s=3600, learn=20, cease_limit_pa_m3_s=1e-4, cease_s=24 * 3600, missing_s=7200
    )


class Station:
    """A database with nodes in it; rates in Pa·m³/s, one for each hour."""

    def __init__(self, path):
        self.path = path
        self.store = Store.open(path, START_US)

    def node(self, rates, uid=0, name="jar", seed=1, bounded=True, jump=None, boot=1, start_h=0):
        """``jump`` (hour, Pa): the pressure goes up by so much in the middle of that hour.

        A later ``boot`` begins at ``start_h``, with sample number 0.
        """
        rng = np.random.default_rng(seed)
        per_hour = round(3600 / PERIOD_S)
        loss = np.repeat(np.asarray(rates, float), per_hour) * PERIOD_S  # Pa in one cubic metre
        pressure = 100_000.0 - np.cumsum(loss) + rng.normal(0, WHITE_PA, len(loss))
        if jump is not None:
            pressure[round((jump[0] + 0.5) * per_hour) :] += jump[1]
        p_q8 = np.rint(pressure * 64).astype(np.int32) * 4
        t_q16 = np.full(len(loss), round(293.15 * 65536), np.int32)
        settings = {
            "name": name, "period_us": round(PERIOD_S * 1e6), "windows_s": (3600, 86400),
            "volume_ul": 10**9, "p_out_pa": 0, "noise_profile": "calibrated", "settling_ms": 0,
            "temp_lag_ms": 0 if bounded else -1,
        }  # fmt: skip
        noise = Noise(WHITE_PA**2 * PERIOD_S, 0.0)
        return record_readings(
            self.store, UIDS[uid], settings, at(start_h), (p_q8, t_q16), noise, boot
        )

    def mark(self, kind, begin_h, end_h, rate=None, node=""):
        given = None if rate is None else 0.0
        return self.store.add_mark(MarkRow(
            number=0, kind=kind, node=node, chamber="", from_utc_us=at(begin_h),
            to_utc_us=at(end_h), text="x", rate_pa_m3_s=rate,
            u_pa_m3_s=None if rate is None else rate / 100, bound_pa_m3_s=given,
            t_ref_k=None if rate is None else 293.15, told=False, entered_by="anna",
            entered_utc_us=at(end_h), revokes=None,
        ))  # fmt: skip


def at(hour):
    """UTC of an hour from the start, µs."""
    return START_US + round(hour * HOUR_US)


@pytest.fixture
def hour():
    return at


@pytest.fixture
def station(tmp_path):
    made = Station(tmp_path / "station.db")
    yield made
    made.store.close()

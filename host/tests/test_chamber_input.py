"""Chambers that cannot exist are refused with the reason and what to do."""

import math
from typing import Any

import pytest

from hullwatch.errors import InputError
from hullwatch.sim.chamber import Chamber
from hullwatch.sim.chamberspec import ChamberSpec


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"volume_m3": 0.0}, "volume_m3"),
        ({"volume_m3": -1.0}, "volume_m3"),
        ({"volume_m3": 9e-7}, "volume_m3"),
        ({"volume_m3": 1.1e4}, "volume_m3"),
        ({"volume_m3": math.nan}, "volume_m3"),
        ({"pressure_pa": 0.0}, "pressure 0 Pa"),
        ({"pressure_pa": -5.0}, "pressure -5 Pa"),
        ({"pressure_pa": 42e5}, "pressure 4.2e[+]06 Pa"),
        ({"pressure_pa": math.nan}, "pressure nan Pa"),
        ({"p_out_pa": -1.0}, "p_out_pa"),
        ({"pressure_pa": 101e3}, "no gas can leak out of"),
        ({"pressure_pa": 101325.0}, "no gas can leak out of"),
        ({"leak_pa_m3_s": -1e-4}, "no gas can leak into"),
        ({"leak_pa_m3_s": 121.0}, "in under a second"),
        ({"leak_pa_m3_s": -121.0}, "in under a second"),
        ({"leak_pa_m3_s": math.inf}, "not a number"),
        ({"leak_pa_m3_s": math.nan}, "not a number"),
        ({"leak_kind": "crack"}, "unknown leak kind"),
        ({"gas": "phlogiston"}, "unknown gas"),
        ({"gas_tau_s": 0.0}, "gas_tau_s"),
        ({"probe_tau_s": -3.0}, "probe_tau_s"),
        ({"room_k": 20.0}, "room_k"),
        ({"day_amplitude_k": -1.0}, "day_amplitude_k"),
        ({"p_out_weather_pa": 1e5}, "p_out_weather_pa"),
        ({"seed": -1}, "seed -1"),
    ],
)
def test_impossible_chambers_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        Chamber(ChamberSpec(**changes))
    assert caught.value.hint
    assert caught.value.exit_code in {2, 52}  # a contradiction, or a value nothing can have
    assert "\n" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    "changes",
    [
        {"volume_m3": 1e-6, "leak_pa_m3_s": 1e-6},
        {"volume_m3": 1e4, "leak_pa_m3_s": 1.0},
        {"pressure_pa": 41e5},
        {"leak_pa_m3_s": 119.0},
        {"pressure_pa": 50e3, "leak_pa_m3_s": 0.0},
        {"pressure_pa": 50e3, "leak_pa_m3_s": -1e-4},
        {"p_out_pa": 0.0},
        {"gas": "helium", "p_out_weather_pa": 300.0},
    ],
)
def test_the_edges_of_the_possible_run(changes: dict[str, Any]) -> None:
    pressure_pa, probe_k = Chamber(ChamberSpec(**changes)).pressure_and_probe(10_000_000)
    assert 0.0 < pressure_pa < 42e5
    assert 250.0 < probe_k < 300.0


def test_time_before_the_start_does_not_exist() -> None:
    with pytest.raises(ValueError, match="kept only from 0 s"):
        Chamber(ChamberSpec()).pressure_and_probe(-1)

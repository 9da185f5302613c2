"""A calibration made while a logger writes the database."""

import json
import time

import pytest

from hullwatch.calibration import in_force
from hullwatch.cli.app import cli
from hullwatch.control import requests
from hullwatch.errors import InputError
from hullwatch.store import Reader


def test_a_calibration_goes_through_the_logger_and_to_the_node(server, run, capsys):
    one = run()
    one.until(lambda: one.samples() > 10)
    entered = ["calibrate", "enter", "volume", "1.5 ± 0.003 L", "--db", str(one.path), "--json"]
    cli.main([*entered, "--apply"], standalone_mode=False)
    got = json.loads(capsys.readouterr().out)
    assert (got["stored"], got["applied"]) == (True, True)
    assert one.error is None
    one.until(lambda: one.noted("boot 2"))
    settings = one.ask(do=requests.CONFIG_SHOW)["settings"]
    assert (settings["volume_ul"], settings["u_volume_ppm"]) == ("1500000", "2000")
    with Reader.open(one.path) as reader:
        assert in_force(reader, server.uid, "volume", time.time_ns() // 1000).required().value == (
            1.5e-3
        )
    for values in (None, {"kind": "volume"}):
        with pytest.raises(InputError):
            one.ask(do=requests.CALIBRATION_ADD, calibration=values)

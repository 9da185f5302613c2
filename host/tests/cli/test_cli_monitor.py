"""`hullwatch monitor`: what stands in the database, in a terminal."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from hullwatch import errors
from hullwatch.cli.monitor import spark
from hullwatch.store import Store


@pytest.fixture
def jar(hullwatch, home):
    code, _, err = hullwatch("demo", "--bench", "sim", "--for", "130s", "--db", "jar.db", "--json")
    assert (code, err) == (0, "")
    return home / "jar.db"


def test_once_shows_state_rates_and_events(jar, hullwatch, json_of):
    code, out, _ = hullwatch("monitor", "--db", jar, "--once")
    assert code == 0
    (known,) = json_of("monitor", "--db", jar, "--json")["nodes"]
    assert known["node"] in out
    for window in json_of("rates", "--db", jar, "--json")["rates"]:
        assert f"{window['leak_rate_pa_m3_s']:.1e}"[:1] in out
    for word in ("silent", "10 s", "1 min", "at 20 °C", "noise only", "boot"):
        assert word in out


def test_nothing_stored_yet_and_no_database(hullwatch, refused, home):
    refused(errors.StoreError.exit_code, "monitor", "--db", "none.db")
    Store.open(home / "new.db", 0).close()
    _, out, _ = hullwatch("monitor", "--db", "new.db", "--once")
    assert "no node has been logged" in out


def test_in_a_terminal_it_goes_on_until_it_is_ended(jar):
    master, slave = os.openpty()
    words = ["monitor", "--db", str(jar), "--every", "100ms"]
    script = f"import sys; sys.argv[1:] = {words!r}; from hullwatch.cli import main; main()"
    with subprocess.Popen([sys.executable, "-c", script], stdout=slave, stderr=slave) as process:
        os.close(slave)
        seen = b""
        while seen.count(b"Ctrl-C ends") < 3:  # drawn again and again
            seen += os.read(master, 65_536)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # the terminal ends with its last program
            while os.read(master, 65_536):
                pass
        assert process.wait(30) == 130
    os.close(master)


def test_bars_run_from_the_lowest_to_the_highest():
    assert spark([]) == ""
    assert spark([5.0, 5.0]) == "▁▁"
    assert spark([-1.0, 0.0, 1.0]) == "▁▅█"

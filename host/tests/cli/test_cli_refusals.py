"""What cannot work is refused in one line with a hint, by an exit code of its own, traceless."""

import os
import sqlite3
import stat

import pytest

from hullwatch import errors

ABSURD = [
    ("--volume", "0"), ("--volume", "-1"), ("--volume", "1e9"), ("--volume", "nan"),
    ("--volume", "1e-9"), ("--volume", "inf"), ("--leak", "1e9"), ("--leak", "nan"),
    ("--leak", "-inf"), ("--rate", "0"), ("--rate", "-1"), ("--rate", "1e6"), ("--rate", "nan"),
    ("--rate", "1e-9"), ("--pressure", "0"), ("--pressure", "-5"), ("--pressure", "1e9"),
    ("--pressure", "nan"), ("--seed", "-1"), ("--speed", "0"), ("--speed", "-1"),
    ("--speed", "nan"), ("--speed", "1e9"),
]  # fmt: skip


@pytest.mark.parametrize(("option", "value"), ABSURD)
def test_absurd_numbers(refused, files, option, value):
    bench = "mpy" if option == "--speed" else "sim"
    line = refused(
        errors.AbsurdValue.exit_code, "demo", "--bench", bench, "--for", "10s", option, value
    )
    assert option.strip("-") in line.lower()
    assert files() == []


@pytest.mark.parametrize(
    "args",
    [
        ("--for", "banana"), ("--for", "0s"), ("--for", "-5s"), ("--for", "1e9d"), ("--for", ""),
        ("--volume", "much"), ("--bench", "wurst"), ("--compensation", "magic"), ("--seed", "x"),
        ("--speed", "2"), ("--ambient", "100000"), ("--no-log",), ("--wurst",), ("surplus",),
        ("--profile", "smooth"), ("--pressure-kind", "gauge"),
    ],
)  # fmt: skip
def test_options_that_make_no_sense(refused, files, args):
    refused(errors.InputError.exit_code, "demo", "--bench", "sim", *args)
    assert files() == []


def test_an_unknown_sensor_names_the_known(refused, files):
    line = refused(errors.UnknownSensor.exit_code, "demo", "--bench", "sim", "--sensor", "bmp999")
    assert "bmp999" in line
    assert "bmp581" in line
    assert files() == []


def test_a_pressure_the_sensor_cannot_see(refused, files):
    refused(
        errors.InputError.exit_code,
        "demo", "--bench", "sim", "--sensor", "bmp581", "--pressure", "500000",
    )  # fmt: skip
    assert files() == []


def test_an_emulated_pico_without_an_image_says_where_to_get_one(refused, files):
    line = refused(errors.MissingCapability.exit_code, "demo", "--bench", "pico-emu")
    assert "uf2" in line.lower()
    assert files() == []


def test_without_a_vm_the_demo_offers_the_sim_bench(refused, files, monkeypatch):
    monkeypatch.setattr("hullwatch.bench.vmbench.shutil.which", lambda name: None)
    monkeypatch.setattr("hullwatch.bench.vmbench.sys.executable", "/nowhere/python3")
    line = refused(errors.MissingCapability.exit_code, "demo", "--bench", "mpy", "--for", "1s")
    assert "--bench sim" in line
    assert files() == []


# --- ports ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("log",), ("config", "show", "--port")])
@pytest.mark.parametrize("port", ["/dev/nope", "NO-SUCH-SERIAL", "socket://127.0.0.1:9", None])
def test_no_port(refused, files, command, port, monkeypatch):
    monkeypatch.setattr("hullwatch.transport.discover.comports", list)
    monkeypatch.setattr("hullwatch.transport.discover.list_ports", lambda *args: [])
    words = [*command, port] if port else [w for w in command if w != "--port"]
    refused(errors.PortMissing.exit_code, *words)
    assert [name for name in files() if not name.startswith("run/")] == []


@pytest.mark.parametrize("url", ["foo://x", "socket://host", "socket://:7", "socket://h:99999999"])
def test_urls_that_are_none(refused, files, url):
    refused(errors.InputError.exit_code, "log", url)
    assert [name for name in files() if not name.startswith("run/")] == []


def test_a_port_that_is_an_ordinary_file(refused, files, home):
    (home / "notes.txt").write_text("mine")
    line = refused(errors.InputError.exit_code, "log", home / "notes.txt")
    assert "notes.txt" in line
    assert (home / "notes.txt").read_text() == "mine"
    assert [name for name in files() if not name.startswith("run/")] == ["work/notes.txt"]


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    ["volume_ul", "wurst=1", "volume_ul=-3", "period_us=fast", "sensor=bmp999", "=", "a=b"],
)
def test_settings_are_checked_before_anything_is_asked(refused, change):
    refused(errors.InputError.exit_code, "config", "set", change, "--port", "/dev/nope")


def test_no_settings_at_all(refused):
    refused(2, "config", "set")


# --- databases -----------------------------------------------------------------------------------

DEMO = ("demo", "--bench", "sim", "--for", "10s", "--db")
READERS = [
    ("rates", "--db"),
    ("export", "--db"),
    ("prune", "--raw-before", "90d", "--db"),
    ("backup", "--out", "copy.db", "--db"),
]


@pytest.mark.parametrize("command", [DEMO, *READERS])
def test_a_file_of_something_else_is_left_untouched(refused, home, files, command):
    other = home / "letters.db"
    other.write_bytes(b"dear diary\n" * 1000)
    refused(errors.ForeignDatabase.exit_code, *command, other)
    assert other.read_bytes() == b"dear diary\n" * 1000
    assert files() == ["work/letters.db"]


@pytest.mark.parametrize("command", [DEMO, *READERS])
def test_a_database_of_another_program_is_left_untouched(refused, home, files, command):
    other = home / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    before = other.read_bytes()
    refused(errors.ForeignDatabase.exit_code, *command, other)
    assert other.read_bytes() == before
    assert files() == ["work/other.db"]


@pytest.mark.parametrize("command", READERS)
def test_no_database_to_read(refused, files, command):
    refused(errors.StoreError.exit_code, *command, "none.db")
    assert files() == []


def test_a_database_in_no_folder(refused, files):
    line = refused(errors.Unwritable.exit_code, *DEMO, "nowhere/x.db")
    assert "mkdir" in line
    assert files() == []


def test_a_folder_for_a_database(refused, home):
    refused(2, *DEMO, home)


def test_a_folder_without_permission(refused, home):
    if os.geteuid() == 0:
        pytest.skip("needs a user that is not root: root may write anywhere")
    locked = home / "locked"
    locked.mkdir()
    locked.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        refused(errors.Unwritable.exit_code, *DEMO, locked / "x.db")
    finally:
        locked.chmod(stat.S_IRWXU)


def test_a_place_nobody_may_write(refused):
    refused(errors.Unwritable.exit_code, *DEMO, "/proc/x.db")


# --- the command line itself ---------------------------------------------------------------------


def test_an_unknown_command(refused):
    refused(2, "frobnicate")


@pytest.mark.parametrize(
    "command",
    ["backup", "config", "demo", "doctor", "export", "log", "nodes", "prune", "rates"],
)
def test_every_command_helps_with_an_example(hullwatch, command):
    code, out, err = hullwatch(command, "--help")
    assert (code, err) == (0, "")
    assert f"hullwatch {command}" in out
    assert "Example" in out


def test_debug_shows_where_it_happened(monkeypatch):
    from hullwatch.cli.app import main

    monkeypatch.setattr("sys.argv", ["hullwatch", "--debug", "rates", "--db", "none.db"])
    with pytest.raises(errors.StoreError):
        main()


def test_every_kind_of_error_has_an_exit_code_of_its_own():
    def tree(kind):
        yield kind
        for sub in kind.__subclasses__():
            yield from tree(sub)

    kinds = list(dict.fromkeys(tree(errors.HullwatchError)))
    codes = [kind.exit_code for kind in kinds if "exit_code" in vars(kind)]
    assert len(codes) == len(set(codes))
    assert set(codes).isdisjoint({0, 70, 130, 141})
    for kind in kinds:
        if "exit_code" in vars(kind) and kind.__module__ == errors.__name__:
            assert f"{kind.__name__} " in errors.__doc__
            assert f"exit code {kind.exit_code}" in errors.__doc__

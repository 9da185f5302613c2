"""What a node keeps in files, when power fails at any byte and when the files lie."""

import builtins
import hashlib
import io
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from hullcore import settings
from hullnode import identity, twocopies
from hullnode.config import Config
from hullnode.owner import Owner

NAME = "config"


class PowerCut(Exception):
    """The supply failed in the middle of a write."""


class FailingFile(io.StringIO):
    """Takes `left` characters, then the power is gone: what was taken is in the file."""

    def __init__(self, path: str, left: int) -> None:
        super().__init__()
        self._path = path
        self._left = left
        Path(path).write_text("")  # opening for writing truncates

    def write(self, text: str) -> int:
        Path(self._path).write_text(text[: self._left])
        if len(text) > self._left:
            raise PowerCut
        return len(text)


def cut_at(monkeypatch: pytest.MonkeyPatch, left: int) -> None:
    real = builtins.open

    def opened(path: str, mode: str = "r") -> object:
        return FailingFile(path, left) if "w" in mode else real(path, mode)

    monkeypatch.setattr(twocopies, "open", opened, raising=False)


def stored(root: Path, value: object, generation: int, copy: int, name: str = NAME) -> None:
    """Write a copy as the format says, whatever its contents."""
    line = json.dumps([generation, value])
    (root / f"{name}.{copy}").write_text(f"{line}\n{zlib.crc32(line.encode()):08x}")


def raw_line(root: Path, line: str, copy: int, name: str = NAME) -> None:
    (root / f"{name}.{copy}").write_text(f"{line}\n{zlib.crc32(line.encode()):08x}")


# --- two copies ----------------------------------------------------------------------------------


def test_values_come_back_with_a_generation_each(tmp_path):
    root = str(tmp_path)
    assert twocopies.load(root, NAME) == (None, 0, 0)
    for generation in range(1, 8):
        value = {"n": generation, "é": [1, "x", None]}
        assert twocopies.save(root, NAME, value) == generation
        assert twocopies.load(root, NAME) == (value, generation, 0)
    assert {path.name for path in tmp_path.iterdir()} == {"config.0", "config.1"}


@pytest.mark.parametrize("writes_before", [1, 2, 3])
def test_power_cut_at_every_byte_leaves_the_old_or_the_new_value(tmp_path, writes_before):
    old, new = {"volume": 1}, {"volume": 22}
    length = len(json.dumps([9, new])) + 9
    for left in range(length + 1):
        root = tmp_path / str(left)
        root.mkdir()
        for _ in range(writes_before):
            twocopies.save(str(root), NAME, old)
        with pytest.MonkeyPatch.context() as patch:
            cut_at(patch, left)
            try:
                twocopies.save(str(root), NAME, new)
            except PowerCut:
                assert left < length
        value, generation, damaged = twocopies.load(str(root), NAME)
        if left == length:
            assert (value, generation, damaged) == (new, writes_before + 1, 0)
        else:
            assert (value, generation) == (old, writes_before)
            assert damaged in (1, 2)
        assert twocopies.save(str(root), NAME, new) == generation + 1
        assert twocopies.load(str(root), NAME) == (new, generation + 1, 0)


def test_power_cut_at_every_byte_of_the_first_write(tmp_path):
    for left in range(20):
        root = tmp_path / str(left)
        root.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            cut_at(patch, left)
            with pytest.raises(PowerCut):
                twocopies.save(str(root), NAME, {"volume": 1234567})
        assert twocopies.load(str(root), NAME) == (None, 0, 1)
        assert twocopies.save(str(root), NAME, 5) == 1
        assert twocopies.load(str(root), NAME) == (5, 1, 0)


def test_two_cuts_in_a_row_still_leave_the_old_value(tmp_path):
    root = str(tmp_path)
    twocopies.save(root, NAME, "old")
    twocopies.save(root, NAME, "old")
    for left in (3, 0, 11):
        with pytest.MonkeyPatch.context() as patch:
            cut_at(patch, left)
            with pytest.raises(PowerCut):
                twocopies.save(root, NAME, "new")
        assert twocopies.load(root, NAME)[0] == "old"


@pytest.mark.parametrize("copy", [0, 1])
def test_damage_anywhere_in_one_copy_shows_and_the_other_serves(tmp_path, copy):
    root = str(tmp_path)
    twocopies.save(root, NAME, "first")
    twocopies.save(root, NAME, "second")
    path = tmp_path / f"config.{copy}"
    good = path.read_bytes()
    for k in range(len(good)):
        for flip in (1, 4, 32, 128):
            path.write_bytes(good[:k] + bytes([good[k] ^ flip]) + good[k + 1 :])
            value, generation, damaged = twocopies.load(root, NAME)
            if damaged:
                assert (value, generation) == (("second", 2) if copy == 0 else ("first", 1))
                assert damaged == 1 << copy
            else:
                assert (value, generation) == ("second", 2)  # e.g. a hex digit in upper case


def test_an_unwritable_folder_is_an_oserror_and_changes_nothing(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        twocopies.save(str(tmp_path / "absent"), NAME, 1)
    (tmp_path / "config.0").mkdir()
    with pytest.raises(OSError, match="directory"):
        twocopies.save(str(tmp_path), NAME, 1)


HOSTILE = ("5", '"ab"', "[1]", "[1, 2, 3]", '["1", {}]', "[-1, {}]", "[1.5, {}]", "[null, 1]",
           '{"a": 1, "b": 2}', "null", "", "[", '[true', "[[1], 2]")  # fmt: skip


@pytest.mark.parametrize("line", HOSTILE)
def test_a_good_crc_over_nonsense_is_damage(tmp_path, line):
    raw_line(tmp_path, line, 0)
    assert twocopies.load(str(tmp_path), NAME) == (None, 0, 1)
    raw_line(tmp_path, line, 1)
    assert twocopies.load(str(tmp_path), NAME) == (None, 0, 3)
    assert twocopies.save(str(tmp_path), NAME, "x") == 1
    assert twocopies.load(str(tmp_path), NAME) == ("x", 1, 2)


@examples(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_two_files_load_without_raising(tmp_path, first, second):
    (tmp_path / "config.0").write_bytes(first)
    (tmp_path / "config.1").write_bytes(second)
    assert twocopies.load(str(tmp_path), NAME) == (None, 0, 3)


# --- configuration -------------------------------------------------------------------------------


def test_defaults_without_a_stored_configuration(tmp_path):
    config = Config(str(tmp_path))
    assert config.values == settings.defaults()
    assert (config.generation, config.damaged, config.fallback) == (0, 0, False)


def test_commit_writes_what_the_next_start_reads(tmp_path):
    config = Config(str(tmp_path))
    config.stage("volume_ul", "2500000")
    config.stage("windows_s", "20,60")
    config.commit()
    assert config.values == settings.defaults()  # in force after the restart only
    again = Config(str(tmp_path))
    assert again.values == settings.defaults() | {"volume_ul": 2_500_000, "windows_s": (20, 60)}
    assert (again.generation, again.damaged, again.fallback) == (1, 0, False)


def test_a_second_commit_before_the_restart_keeps_the_first(tmp_path):
    config = Config(str(tmp_path))
    config.stage("volume_ul", "2500000")
    config.commit()
    config.stage("gas", "helium")
    config.commit()
    values = Config(str(tmp_path)).values
    assert (values["volume_ul"], values["gas"]) == (2_500_000, "helium")


def test_refused_and_forgotten_settings_are_not_written(tmp_path):
    config = Config(str(tmp_path))
    with pytest.raises(settings.SettingError):
        config.stage("volume_ul", "-1")
    config.stage("pressure_kind", "gauge")
    with pytest.raises(settings.SettingError):
        config.commit()
    assert list(tmp_path.iterdir()) == []
    config.forget()
    config.stage("name", "jar")
    config.commit()
    assert Config(str(tmp_path)).values == settings.defaults() | {"name": "jar"}


@pytest.mark.parametrize(
    "value",
    [5, "text", None, [], ["name"], True, {"name": 5}, {"volume_ul": "many"}, {"volume_ul": 0},
     {"pressure": 1}, {"windows_s": 10}, {"windows_s": [10, [60]]}, {"windows_s": [10, 15]},
     {"pressure_kind": "gauge"}, {"period_us": None}, {"windows_s": {"10": 60}}, {"gas": ["air"]}],
)  # fmt: skip
def test_a_stored_configuration_that_is_none_falls_back_and_says_so(tmp_path, value):
    stored(tmp_path, value, 3, 0)
    config = Config(str(tmp_path))
    assert config.values == settings.defaults()
    assert config.fallback
    assert config.generation == 3


def test_both_copies_damaged_falls_back_and_says_so(tmp_path):
    for copy in (0, 1):
        (tmp_path / f"config.{copy}").write_text("[3, {}]\nffffffff")
    config = Config(str(tmp_path))
    assert config.values == settings.defaults()
    assert (config.damaged, config.fallback) == (3, True)


def test_one_copy_damaged_serves_the_other_and_says_so(tmp_path):
    config = Config(str(tmp_path))
    config.stage("name", "old")
    config.commit()
    config.stage("name", "new")
    config.commit()
    (tmp_path / "config.1").write_text("")
    again = Config(str(tmp_path))
    assert again.values["name"] == "old"
    assert (again.damaged, again.fallback) == (2, False)


def test_settings_added_by_a_later_firmware_get_their_defaults(tmp_path):
    stored(tmp_path, {"volume_ul": 7}, 1, 0)
    assert Config(str(tmp_path)).values == settings.defaults() | {"volume_ul": 7}


# --- boot number, owner, core hash ---------------------------------------------------------------


def test_boots_are_counted(tmp_path):
    assert [identity.count_boot(str(tmp_path)) for _ in range(4)] == [1, 2, 3, 4]


def test_a_boot_that_cannot_be_stored_has_number_zero(tmp_path):
    assert identity.count_boot(str(tmp_path / "absent")) == 0


@pytest.mark.parametrize("value", ["7", None, [1], -1, -5, 2**32 - 1, 2**40, 1.5, {}])
def test_a_boot_number_that_is_none_starts_at_one(tmp_path, value):
    stored(tmp_path, value, 1, 0, "boot")
    assert identity.count_boot(str(tmp_path)) == 1


def test_the_first_store_that_acks_owns_the_node_for_good(tmp_path):
    changes: list[tuple[int, int]] = []
    owner = Owner(str(tmp_path), lambda new, old: changes.append((new, old)))
    assert not owner.accepts(0)
    assert owner.accepts(2**64 - 1)
    assert not owner.accepts(5)
    owner = Owner(str(tmp_path), lambda new, old: changes.append((new, old)))
    assert owner.store == 2**64 - 1
    owner.take_over(5)
    owner.take_over(5)
    assert changes == [(5, 2**64 - 1)]
    assert owner.accepts(5)
    assert not owner.accepts(2**64 - 1)
    assert Owner(str(tmp_path), None).store == 5


@pytest.mark.parametrize("value", ["7", -1, 2**64, [5], 1.5])
def test_an_owner_that_is_no_store_is_none(tmp_path, value):
    stored(tmp_path, value, 1, 0, "owner")
    assert Owner(str(tmp_path), None).store == 0


def test_an_owner_that_cannot_be_stored_holds_for_this_boot(tmp_path):
    owner = Owner(str(tmp_path / "absent"), None)
    assert owner.accepts(7)
    assert not owner.accepts(8)


def node_files(root: Path) -> dict[str, bytes]:
    """What a core hash covers, and beside it what it must leave out."""
    files = {
        "main.py": b"go()",
        "hullcore/__init__.mpy": b"",
        "hullcore/sums.mpy": b"M1" * 3000,
        "hullnode/node.mpy": b"M2",
        "hullnode/drivers/bmp581.mpy": b"M3",
        "board/__init__.mpy": b"M4",
    }
    beside = {
        "config.0": b"1",
        "crash.txt": b"x",
        "hullcore/notes.txt": b"y",
        "lib/other.mpy": b"z",
    }
    for name, content in (files | beside).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return files


def expected_hash(files: dict[str, bytes]) -> bytes:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return digest.digest()


def test_core_hash_covers_every_code_file_and_nothing_else(tmp_path):
    files = node_files(tmp_path)
    assert identity.core_hash(str(tmp_path)) == expected_hash(files)
    (tmp_path / "board/__init__.mpy").write_bytes(b"M5")
    assert identity.core_hash(str(tmp_path)) == expected_hash(files | {"board/__init__.mpy": b"M5"})


def test_core_hash_of_nothing(tmp_path):
    assert identity.core_hash(str(tmp_path / "absent")) == hashlib.sha256().digest()


def test_core_hash_of_a_build_is_that_of_its_manifest(mpy, all_vms):
    expected = json.loads((mpy / "manifest.json").read_text())["core_hash"]
    printed = all_vms(
        """
from hullnode import identity
print(identity.core_hash("$BUILD"))
""",
        BUILD=mpy,
    )
    assert {vm: bytes.fromhex(expected) for vm in printed} == {
        vm: eval(text) for vm, text in printed.items()
    }


def test_the_same_files_on_every_interpreter(any_vm: Callable[..., str], tmp_path):
    """Written there, read here; a cut copy read there."""
    printed = any_vm(
        """
from hullnode import twocopies
for k in range(3):
    twocopies.save("$ROOT", "config", {"name": "j\\u00e4r", "n": [k, -k], "big": 1 << 40})
print(twocopies.load("$ROOT", "config")[1:])
f = open("$ROOT/config.0", "w")
f.write("[3, {\\"na")
f.close()
value, generation, damaged = twocopies.load("$ROOT", "config")
print(value["name"] == "j\\u00e4r", value["n"], value["big"], generation, damaged)
f = open("$ROOT/config.1", "wb")
f.write(b"\\xff\\xfe\\x80")
f.close()
print(twocopies.load("$ROOT", "config"))
print(twocopies.save("$ROOT", "config", 5))
""",
        ROOT=tmp_path,
    )
    assert printed.splitlines() == [
        "(3, 0)", "True [1, -1] 1099511627776 2 1", "(None, 0, 3)", "1",
    ]  # fmt: skip
    assert twocopies.load(str(tmp_path), NAME) == (5, 1, 2)

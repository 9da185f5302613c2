"""Flashing a board end to end: a MicroPython REPL behind a terminal, littlefs, cuts and faults."""

import pytest

from hullwatch.errors import PortLost
from hullwatch.flash import upload
from hullwatch.flash.corehash import core_hash, file_hash
from hullwatch.flash.errors import FlashError, NoRoom, WrongMicroPython
from hullwatch.flash.wakeup import AT_PROMPT, who
from hullwatch.transport.rawrepl import RawRepl

CODE = ("main.py", "hullcore/", "hullnode/", "board/")


def hash_of(files):
    return core_hash({path: file_hash(data) for path, data in files.items()})


def code_on(bench):
    """What lies where the firmware lies."""
    return {path: data for path, data in bench.vm.files().items() if path.startswith(CODE)}


def test_an_empty_board_gets_the_firmware_and_runs_it(board, new_build):
    empty = board()
    done = empty.job().run()
    assert done.hello.fields["core_hash"].hex() == new_build.core_hash
    assert set(done.placed) == set(new_build.files)
    assert code_on(empty) == new_build.contents()
    assert "update.pack" not in empty.vm.files()
    assert empty.notes[0].startswith("MicroPython 1.")
    assert [step[0] for step in empty.steps] == sorted((s[0] for s in empty.steps), reverse=True)


def test_only_what_differs_is_sent_and_what_is_gone_goes(board, new_build, old_files):
    one = board(old_files)
    assert one.runs(hash_of(old_files))
    done = one.job().run()
    assert done.placed == (
        "hullcore/fields.mpy", "hullcore/ticks.mpy", "hullnode/clock.mpy", "hullnode/link.mpy",
        "main.py",
    )  # fmt: skip
    assert done.removed == ("hullnode/retired.mpy",)
    assert code_on(one) == new_build.contents()
    assert done.sent_bytes < sum(len(new_build.contents()[path]) for path in done.placed)
    again = one.job().run()
    assert (again.sent_bytes, again.placed, again.removed) == (0, (), ())
    assert again.hello.number("boot") > done.hello.number("boot")


def test_somebody_elses_program_is_kept_beside(board):
    one = board({"main.py": b"print('blink')\n", "mine.txt": b"notes"})
    done = one.job().run()
    assert done.kept_main
    files = one.vm.files()
    assert files["main.before.py"] == b"print('blink')\n"
    assert files["mine.txt"] == b"notes"


def test_a_boot_py_is_told_and_left(board):
    one = board({"boot.py": b"x = 1\n"})
    assert one.job().run().boot_py
    assert one.vm.files()["boot.py"] == b"x = 1\n"


# --- cuts ----------------------------------------------------------------------------------------


def test_power_lost_while_sending_leaves_the_old_version(board, new_build, old_files):
    """At each of its chunks in turn: what is there runs on, and the next run goes on."""
    one = board(old_files)
    one.then = one.unplug
    cuts = 0
    one.at = ("upload", 0)
    while (done := one.cut_short()) is None:
        assert one.runs(hash_of(old_files))
        cuts += 1
        one.at = ("upload", cuts * 1024)
    assert cuts >= 3
    assert done.hello.fields["core_hash"].hex() == new_build.core_hash


@pytest.mark.parametrize("placed", range(1, 6))
def test_power_lost_at_any_file_the_board_finishes_by_itself(board, new_build, old_files, placed):
    one = board(old_files)
    one.at = ("in place", placed)
    one.then = one.unplug
    one.cut_short()  # after the last file the board may have said so in time
    assert one.runs(new_build.core_hash)  # without a second flash
    assert code_on(one) == new_build.contents()
    assert "update.pack" not in one.vm.files()


def test_an_upload_goes_on_where_it_ended(board, old_files):
    whole = board()
    total = whole.job().run().sent_bytes
    cut = board()
    cut.at = ("upload", 40 * 1024)
    cut.then = cut.unplug
    assert cut.cut_short() is None
    done = cut.job().run()
    assert total - 41 * 1024 <= done.sent_bytes <= total - 36 * 1024


@pytest.mark.parametrize(
    ("at", "left"),
    [(("upload", 2048), "old"), (("in place", 2), "new")],
    ids=["sending", "placing"],
)
def test_unplugged_the_board_boots_what_is_whole(board, new_build, old_files, at, left):
    """The port is gone at once, as on USB, and power with it; it comes back under a new name."""
    one = board(old_files)
    one.at = at
    one.then = one.unplug
    with pytest.raises(PortLost, match="the board went away"):
        one.job().run()
    assert one.runs({"old": hash_of(old_files), "new": new_build.core_hash}[left])
    assert one.job().run().hello.fields["core_hash"].hex() == new_build.core_hash


def test_a_host_that_understands_nothing_any_more_leaves_no_board_at_its_prompt(board, old_files):
    """Noise on the wire while power stays: the board is not left waiting in its raw REPL."""
    one = board(old_files)
    one.at = ("upload", 2048)
    one.then = one.garble
    assert one.cut_short() is None
    assert one.runs(hash_of(old_files))


def test_a_board_that_falls_silent_for_good_is_given_up(board, old_files):
    """No power behind a port that stays, as on a serial line."""
    one = board(old_files)
    one.at = ("upload", 2048)
    one.then = one.darken
    assert one.cut_short() is None
    one.light()
    assert one.runs(hash_of(old_files))


def test_an_update_cut_short_is_finished_by_the_next_flash(board, new_build, old_files):
    """Ctrl-C in the middle: the board stands at its prompt with the switch as main.py."""
    one = board(old_files)
    one.at = ("in place", 2)

    def interrupt():
        raise KeyboardInterrupt

    one.then = interrupt
    with pytest.raises(KeyboardInterrupt):
        one.job().run()
    done = one.job().run()
    assert done.hello.fields["core_hash"].hex() == new_build.core_hash


# --- faults --------------------------------------------------------------------------------------


def test_no_room_is_told_before_anything_is_sent(board, old_files, filled):
    one = board(filled(old_files, 3))
    with pytest.raises(NoRoom, match=r"\d+ kB free on the board, the update needs \d+ kB"):
        one.job().run()
    assert one.steps == []
    assert one.runs(hash_of(old_files))


def test_a_flash_that_fills_up_while_sending_keeps_the_old_version(
    board, old_files, filled, monkeypatch
):
    monkeypatch.setattr(upload, "check_room", lambda *_: None)
    one = board(filled(old_files, 0))
    with pytest.raises(NoRoom, match="its file system is full"):
        one.job().run()
    assert one.runs(hash_of(old_files))
    assert "update.pack" not in one.vm.files()


def test_a_flash_that_fills_up_while_switching_leaves_a_prompt(
    board, old_files, new_build, filled, monkeypatch
):
    """And the next flash finishes what was begun, once there is room."""
    monkeypatch.setattr(upload, "check_room", lambda *_: None)
    idle = {**old_files, "main.py": b"# Hullwatch, and nothing that writes files\n"}
    one = board(filled(idle, 4))
    with pytest.raises(FlashError, match="its file system is full; it waits at its prompt"):
        one.job().run()
    with RawRepl(one.path) as repl:
        repl.run("import os; os.remove('mine.bin')")
    done = one.job().run()
    assert done.hello.fields["core_hash"].hex() == new_build.core_hash
    assert code_on(one) == new_build.contents()


def test_a_damaged_module_on_the_board_is_repaired(board, new_build):
    """It ends at its prompt: what is damaged so that MicroPython itself fails needs BOOTSEL."""
    files = new_build.contents()
    broken = bytes(4) + files["hullnode/node.mpy"][4:]
    one = board({**files, "hullnode/node.mpy": broken})
    assert who(one.path) == (None, AT_PROMPT)
    done = one.job().run()
    assert done.placed == ("hullnode/node.mpy", "main.py")
    assert done.hello.fields["core_hash"].hex() == new_build.core_hash


def test_what_arrives_damaged_is_not_put_in_place(board, old_files, monkeypatch):
    real = upload.binascii.b2a_base64
    monkeypatch.setattr(
        upload.binascii, "b2a_base64", lambda data, newline: real(data[:-1] + b"?", newline=newline)
    )
    one = board(old_files)
    with pytest.raises(FlashError, match="not what was sent"):
        one.job().run()
    monkeypatch.undo()
    assert one.runs(hash_of(old_files))


def test_a_build_for_another_board_is_refused_and_the_old_one_runs_on(board, old_files, new_build):
    from hullwatch.flash.build import build

    one = board(old_files)
    with pytest.raises(WrongMicroPython, match="takes the firmware for vm, not for pico"):
        one.job(lambda _board: build("pico")).run()
    assert one.runs(hash_of(old_files))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda compiled, _: compiled(b"raise ValueError('no clock today')\n"), "no clock today"),
        (lambda _, good: good[:-1], "clock.mpy is damaged"),
        (lambda _, good: b"C\x06" + good[2:], "no .mpy file"),
    ],
    ids=["raises", "cut short", "something else"],
)
def test_firmware_that_does_not_start_is_told_with_its_last_words(
    board, new_build, remade, spoil, told
):
    """A build that is wrong in itself: told in one line, and the next one puts it right."""
    wrong = remade("hullnode/clock", spoil)
    one = board()
    with pytest.raises(FlashError, match=told) as caught:
        one.job(lambda _board: wrong).run()
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert one.job().run().hello.fields["core_hash"].hex() == new_build.core_hash

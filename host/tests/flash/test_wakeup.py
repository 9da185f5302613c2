"""How long a restarted board is waited for: as long as it gives signs of life, within limits."""

import pytest

from hullwatch.flash import wakeup
from hullwatch.flash.errors import NotStarted
from hullwatch.flash.wakeup import await_node, who

TALKS = "import time\nfor _ in range(%d):\n    print('.')\n    time.sleep(0.02)\n"


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(wakeup, "ASK_S", 0.3)
    monkeypatch.setattr(wakeup, "SILENT_S", 1.5)


def test_a_slow_start_is_waited_for_while_the_board_says_something(hasty, board, new_build):
    """It takes more than twice as long as a silent one is given."""
    files = new_build.contents()
    one = board({**files, "main.py": TALKS.encode() % 180 + files["main.py"]}, wait=False)
    assert await_node(one.find).number("boot") == 1


def test_a_silent_board_is_given_up(hasty, board):
    one = board({"main.py": b"import time\ntime.sleep(1000)\n"}, wait=False)
    with pytest.raises(NotStarted, match=r"does not start: nothing answers$") as caught:
        await_node(one.find)
    assert "hullwatch node log" in caught.value.hint


def test_a_board_that_talks_for_ever_is_given_up(hasty, board, monkeypatch):
    monkeypatch.setattr(wakeup, "START_S", 3)
    one = board({"main.py": TALKS.encode() % 100_000}, wait=False)
    with pytest.raises(NotStarted, match="nothing answers"):
        await_node(one.find)


def test_a_board_that_ended_at_its_prompt_is_left_at_the_prompt(board, new_build):
    """Asked for its last words in the raw REPL, but left where people and the logger look."""
    files = {**new_build.contents(), "main.py": b"1 / 0\n", "crash.txt": b"OSError: 5\nmore\n"}
    one = board(files)
    with pytest.raises(NotStarted, match="it is at its prompt: OSError: 5"):
        await_node(one.find)
    assert who(one.path) == (None, wakeup.AT_PROMPT)

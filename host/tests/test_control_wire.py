"""Errors cross the control socket as messages and come out as the class they were."""

import re

import pytest

from hullwatch import errors
from hullwatch.control.wire import decoded, encoded, raise_refused, refusal
from hullwatch.errors import HullwatchError, InputError


def family(root):
    yield root
    for kind in root.__subclasses__():
        yield from family(kind)


KINDS = [kind for kind in family(HullwatchError) if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_comes_back_as_itself(kind):
    answer = decoded(encoded(refusal(kind("what is wrong", "what to do"))))
    with pytest.raises(kind) as caught:
        raise_refused(answer)
    assert type(caught.value) is kind
    assert (caught.value.message, caught.value.hint) == ("what is wrong", "what to do")


def test_no_two_errors_share_an_exit_code():
    codes = [kind.exit_code for kind in KINDS]
    assert len(set(codes)) == len(codes)


def test_the_tree_in_the_docstring_is_the_tree():
    lines = [line for line in errors.__doc__.splitlines() if "exit code" in line]
    stated = {re.findall(r"\w+", line)[0]: line for line in lines}
    assert set(stated) == {kind.__name__ for kind in KINDS}
    for kind in KINDS:
        assert f"exit code {kind.exit_code}" in stated[kind.__name__]


def test_an_error_this_program_does_not_know_keeps_its_code():
    with pytest.raises(HullwatchError, match="odd") as caught:
        raise_refused({"error": "odd", "hint": "", "exit_code": 99})
    assert caught.value.exit_code == 99
    assert HullwatchError.exit_code == 1
    with pytest.raises(HullwatchError, match="bare") as caught:
        raise_refused({"error": "bare"})
    assert caught.value.exit_code == 1
    with pytest.raises(HullwatchError):
        raise_refused({"error": "odd", "exit_code": "text"})


def test_an_answer_without_an_error_passes():
    raise_refused({"do": "status"})


def test_a_message_is_one_line_whatever_it_holds():
    message = {"text": "a\nb\u2028c\x1e", "n": [1, 2.5, None, True]}
    line = encoded(message)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decoded(line) == message


@pytest.mark.parametrize("line", [b"", b"nonsense", b"[]", b"1", b'{"a":', b"\x80"])
def test_what_is_no_object_is_refused(line):
    with pytest.raises(InputError):
        decoded(line)


def test_what_json_cannot_say_is_a_mistake_of_the_program():
    with pytest.raises(TypeError):
        encoded({"when": object()})

"""What goes through a control socket: one JSON object a line, one request a connection.

A request is any object (by custom with a "do"). An answer is any object; one with the key
"error" is a refusal and carries the fields of a HullwatchError.
"""

from __future__ import annotations

import json
from typing import Any

from hullwatch.errors import HullwatchError, InputError

LINE_LIMIT = 1 << 16
"""Longest request, bytes with its newline."""

ANSWER_LIMIT = 1 << 24
"""Longest answer a client reads, bytes."""

Message = dict[str, Any]


def encoded(message: Message) -> bytes:
    """The line of a message; TypeError for what JSON cannot say."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decoded(line: bytes) -> Message:
    """The message of a line. Raises InputError."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not a line of JSON: {error}") from error
    if not isinstance(message, dict):
        raise InputError("a JSON object was expected")
    return message


def refusal(error: HullwatchError) -> Message:
    """The answer that stands for an error."""
    return {"error": error.message, "hint": error.hint, "exit_code": error.exit_code}


def raise_refused(answer: Message) -> None:
    """Raise the error that an answer stands for, of the class with that exit code."""
    if "error" not in answer:
        return
    message, hint = str(answer["error"]), str(answer.get("hint", ""))
    code = answer.get("exit_code", HullwatchError.exit_code)
    kind = _kind(HullwatchError, code)
    if kind is not None:
        raise kind(message, hint)
    error = HullwatchError(message, hint)  # a class that this program has not loaded
    if isinstance(code, int):
        error.exit_code = code
    raise error


def _kind(root: type[HullwatchError], code: object) -> type[HullwatchError] | None:
    """The topmost class with an exit code that is built from a message and a hint."""
    if root.exit_code == code and root.__init__ is HullwatchError.__init__:
        return root
    for kind in root.__subclasses__():
        found = _kind(kind, code)
        if found is not None:
            return found
    return None

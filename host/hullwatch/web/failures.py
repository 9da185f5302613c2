"""Errors as HTTP says them: a status, and the one line with its hint as JSON."""

from __future__ import annotations

from hullwatch.errors import (
    ControlError,
    HullwatchError,
    InputError,
    MissingCapability,
    PortLost,
    Refused,
    StoreError,
    Unanswered,
)


class NoSuch(InputError):
    """What was asked for is not there."""


class TooLarge(InputError):
    """A request with more bytes than any needs."""


class Forbidden(InputError):
    """Not from this page, or without the token."""


class Unauthorised(InputError):
    """An order without the right token."""


class WrongType(InputError):
    """An order that is no JSON."""


class TooMany(HullwatchError):
    """Every place is taken; later there may be one."""


_STATUS: tuple[tuple[type[HullwatchError], int], ...] = (
    (NoSuch, 404),
    (TooLarge, 413),
    (WrongType, 415),
    (Forbidden, 403),
    (Unauthorised, 401),
    (TooMany, 503),
    (InputError, 422),
    (Refused, 409),
    (Unanswered, 504),
    (PortLost, 503),
    (ControlError, 503),
    (StoreError, 503),
    (MissingCapability, 501),
    (HullwatchError, 500),
)


def status_of(error: HullwatchError) -> int:
    """The HTTP status of an error."""
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def told(error: HullwatchError) -> dict[str, object]:
    """The body that tells it."""
    return {"error": error.message, "hint": error.hint, "exit_code": error.exit_code}

"""`const` on every interpreter.

The MicroPython compiler replaces `_X = const(3)` by its value wherever `_X` is used; it looks for
the call by its name alone and never calls it. A name with a leading underscore then costs no RAM.
On CPython the call is made and returns its argument.
"""


def const(value: int) -> int:
    """Return `value` unchanged."""
    return value

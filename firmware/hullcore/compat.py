"""`const` on every interpreter.

`_X = const(3)` with a private name is folded by the MicroPython compiler, which looks for the
call by its name alone, and then costs no RAM on the node. CPython has no `const`, so there the
value is simply returned.
"""

try:
    from micropython import const
except ImportError:

    def const(value: int) -> int:
        """Return `value` unchanged."""
        return value

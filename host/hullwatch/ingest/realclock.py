"""The clock of a computer, as the dialogue wants it."""

from __future__ import annotations

import time


class RealClock:
    """Monotonic seconds and UTC."""

    def now_s(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def utc_s(self) -> float:
        """UTC, seconds since 1970."""
        return time.time()

"""Times as text."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(utc_us: int | None) -> str | None:
    """ISO 8601 to the millisecond; None stays None."""
    if utc_us is None:
        return None
    text = datetime.fromtimestamp(utc_us / 1e6, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")

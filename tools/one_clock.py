"""Tests that live by the clock on the wall run one after the other, the rest beside them.

A MicroPython VM behind a terminal, a logger in a process of its own, a browser: two of them at once
on a small machine wait for each other until somebody gives up. `make test` runs two workers; the
group here keeps such tests in one of them, every other file stays whole in either.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

BY_THE_CLOCK = (
    "host/tests/cli/", "host/tests/flash/", "host/tests/hil/", "host/tests/owner/",
    "host/tests/leaktest/test_programs_on_vm.py", "host/tests/test_vmbench",
    "host/tests/test_transport_", "host/tests/web/test_web_browser.py",
)  # fmt: skip
"""Files, or how their paths begin; and whatever runs on the bench `mpy`."""


def group(items: Iterable[pytest.Item]) -> None:
    """Mark each test for pytest-xdist's `--dist loadgroup`."""
    for item in items:
        path = item.nodeid.partition("::")[0]
        clocked = path.startswith(BY_THE_CLOCK) or "[mpy" in item.nodeid
        item.add_marker(pytest.mark.xdist_group("the clock" if clocked else path))

"""What the project's own run adds to the plugin `hullwatch.hil`."""

from __future__ import annotations

import os

import pytest


def pytest_configure(config):
    if os.environ.get("HULLWATCH_CI") == "1":  # everything must be there
        config.option.hil_strict = True


@pytest.fixture
def rig(bench):
    """Starts a node, as `bench.start`."""
    return bench.start

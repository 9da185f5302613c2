"""The words for a rate and a limit."""

import pytest

from hullwatch.analysis.result import measured, refused
from hullwatch.report.decision import decide

RATE = measured("line", "Pa·m³/s", 1.0, 0.1)  # [0.804, 1.196]


@pytest.mark.parametrize(
    ("limit", "full", "word"),
    [
        (1.2, True, "conforms"),
        (1.19, True, "not decided"),
        (0.81, True, "not decided"),
        (0.80, True, "does not conform"),
        (0.80, False, "does not conform"),
        (1.2, False, "not decided"),
        (None, True, "no verdict"),
    ],
)
def test_words(limit, full, word):
    found = decide(RATE, limit, full, ("no bound on the gas temperature",))
    assert found.word == word
    if limit is not None and not full and word == "not decided":
        assert "no bound on the gas temperature" in found.why


def test_no_rate_decides_nothing():
    found = decide(refused("line", "Pa·m³/s", "too few"), 1.0, full=True, missing=())
    assert (found.word, found.why) == ("not decided", "too few")

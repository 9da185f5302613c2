"""The rating table: shipped whole, editable, and every hole named."""

import tomllib
from dataclasses import replace

import pytest

from hullwatch.errors import InputError
from hullwatch.vigil import assess
from hullwatch.vigil.ratingtable import load_table, shipped_text, table_of


@pytest.fixture
def data():
    return tomllib.loads(shipped_text())


def test_the_shipped_table_is_whole_and_no_agencys():
    table = load_table()
    assert len(table.cells) == 25
    order = ("low", "medium", "high")
    for likelihood in range(1, 6):  # never better with more likelihood or consequence
        for consequence in range(1, 6):
            here = order.index(table.cells[likelihood, consequence])
            for more in ((likelihood + 1, consequence), (likelihood, consequence + 1)):
                assert order.index(table.cells.get(more, "high")) >= here
    assert "NASA" not in shipped_text()
    assert "no agency's" in shipped_text()


def drop(data, *path):
    for key in path[:-1]:
        data = data[key]
    del data[path[-1]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: drop(d, "cells", "3"), "no cell for likelihood 3, consequence 1"),
        (lambda d: d["cells"]["2"].pop(), "no cell for likelihood 2, consequence 5"),
        (lambda d: d["cells"].update({"4": ["low", "", "x", "x", "x"]}), "4, consequence 2"),
        (lambda d: drop(d, "cells"), "no cell for likelihood 1"),
        (lambda d: drop(d, "version"), "name or version"),
        (lambda d: drop(d, "likelihood", "CEASED"), "likelihood of CEASED"),
        (lambda d: d["likelihood"].update(STEADY=6), "likelihood of STEADY"),
        (lambda d: d["consequence"].update(multiples=[1, 2]), "4 numbers"),
        (lambda d: d["consequence"].update(multiples=[1, 3, 2, 9]), "do not rise"),
        (lambda d: d["consequence"].update(multiples=[0, 1, 2, 9]), "above zero"),
    ],
)
def test_what_is_missing_is_named(data, change, words):
    change(data)
    with pytest.raises(InputError, match=words):
        table_of(data, "mine.toml")


def test_a_rating_says_table_version_and_why(station, criteria, hour, data):
    station.node([3e-4] * 40)
    table = table_of({**data, "name": "ours", "version": "7"}, "mine.toml")
    with station.store.reader() as reader:
        (chamber,) = assess(reader, hour(40), criteria=criteria, table=table)
        (loose,) = assess(
            reader, hour(40), criteria=replace(criteria, cease_limit_pa_m3_s=1.0), table=table
        )
    rating = chamber.rating
    assert (rating.table, rating.version) == ("ours", "7")
    assert (rating.likelihood, rating.consequence) == (2, 3)  # 3.2 times the limit: 3 to 10
    assert "STEADY" in rating.why
    assert loose.rating.consequence == 1

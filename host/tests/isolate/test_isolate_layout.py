"""Layout files: what they say arrives, and what cannot be searched is refused by name."""

import tomllib

import pytest

from hullwatch.errors import HullwatchError
from hullwatch.isolate.layout import layout_of

STATION = """
reopen_pa = 100
[[section]]
name = "node"
volume_m3 = 75.0
node = "n1"
[[section]]
name = "lab"
volume_m3 = 100
[[section]]
name = "transfer"
volume_m3 = 7.0
node = "n2"
prior = 3.0
[[hatch]]
name = "H1"
between = ["node", "lab"]
[[hatch]]
name = "H2"
between = ["transfer", "node"]
"""


def parsed(text):
    return layout_of(tomllib.loads(text), "station.toml")


def test_a_layout_arrives():
    layout = parsed(STATION)
    assert layout.reopen_pa == 100.0
    assert layout.sections[2].prior == 3.0
    assert layout.side("H1") == {"node", "transfer"}
    assert layout.side("H2") == {"transfer"}
    assert layout.volume_m3(layout.side("H1")) == 82.0
    with pytest.raises(KeyError):
        layout.side("H3")


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (
            'between = ["transfer", "node"]',
            'between = ["transfer", "moon"]',
            "H2: no section 'moon'",
        ),
        ('between = ["transfer", "node"]', 'between = ["lab", "node"]', "H2 closes a ring"),
        ('name = "H2"', 'name = "H1"', "hatch 'H1'"),
        ('node = "n2"', 'node = "n1"', "node 'n1'"),
        ("volume_m3 = 7.0", "volume_m3 = -7.0", "transfer: volume_m3 -7 is outside"),
        ("volume_m3 = 7.0", 'volume_m3 = "7"', "section 3: volume_m3 = '7' is no float"),
        ("reopen_pa = 100", "reopen_pa = 0", "reopen_pa 0 is outside"),
        ("reopen_pa = 100", "reopen = 100", "unknown key 'reopen'"),
        ("prior = 3.0", "prior = nan", "prior nan"),
    ],
)
def test_mistakes_are_named(old, new, match):
    assert old in STATION
    with pytest.raises(HullwatchError, match=match):
        parsed(STATION.replace(old, new))


def test_what_is_not_connected_is_refused():
    text = STATION.replace('[[hatch]]\nname = "H2"\nbetween = ["transfer", "node"]\n', "")
    with pytest.raises(HullwatchError, match="transfer is not connected to node"):
        parsed(text)


def test_a_layout_without_any_node_is_refused():
    with pytest.raises(HullwatchError, match="no section has a node"):
        parsed(STATION.replace('node = "n1"\n', "").replace('node = "n2"\n', ""))


def test_a_single_section_needs_no_search():
    with pytest.raises(HullwatchError, match="two sections"):
        parsed('[[section]]\nname = "a"\nvolume_m3 = 1.0\nnode = "n"\n')

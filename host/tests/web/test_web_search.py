"""The search for the leaking section in a browser, from the state that it keeps."""

HOSTILE = "<img src=x onerror=alert(1)>"


def test_a_search_is_drawn_as_it_proceeds(jar, serving, tab, tmp_path):
    from hullwatch.isolate.layout import layout_of
    from hullwatch.isolate.state import State, StateFile

    layout = layout_of(
        {
            "section": [
                {"name": HOSTILE, "volume_m3": 70.0, "node": "n1"},
                {"name": "lab", "volume_m3": 90.0},
                {"name": "transfer", "volume_m3": 7.0, "node": "n2"},
            ],
            "hatch": [
                {"name": "H1", "between": [HOSTILE, "lab"]},
                {"name": "H2", "between": [HOSTILE, "transfer"]},
            ],
        },
        "test",
    )
    kept = StateFile(tmp_path / "search.json", State(layout))
    page = tab(serving(jar[0], search=tmp_path / "search.json").port, "#/isolation")
    page.wait_for_selector(".schematic")
    assert page.locator(".schematic .section").count() == 3
    assert page.locator(f".schematic text:text-is('{HOSTILE}')").count() == 1
    kept.take({"step": "close", "at_s": 10.0, "hatch": "H2", "limit_s": 60.0})
    page.wait_for_selector(".schematic .hatch.closed text:has-text('H2 closed')")
    chances = {HOSTILE: 0.02, "lab": 0.01, "transfer": 0.97}
    chances |= dict.fromkeys(kept.state.as_dict()["other_probabilities"], 0.0)
    kept.take({"step": "weigh", "hatch": "H2", "untrusted": ["H1"], "probabilities": chances})
    page.wait_for_selector(".schematic text:text-is('97 %')")
    page.wait_for_selector(".schematic text:has-text('H1 · leaks?')")
    assert "closed hatches: H2" in page.get_attribute(".schematic", "aria-label")

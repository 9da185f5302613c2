"""Recipes as people write them: every mistake is one error that names its line."""

from __future__ import annotations

import pytest

from hullcore import settings
from hullcore.recipe import Recipe
from hullwatch.errors import BadRecipe, InputError
from hullwatch.leaktest import nodebody, recipefile
from hullwatch.link.recordkinds import RECIPE

NODE = {
    "outputs": "16:supply:fill:nc:60:dump;17:dump:vent:nc:0;18:iso:isolate:nc:900:bleed;"
    "19:bleed:bleed:nc:900;20:plug:blanking:nc:900;21:pump:evacuate:nc:60",
    "overpressure_pa": 123_000, "temp_lag_ms": 3_000, "settling_ms": 3_000, "u_volume_ppm": 2_000,
}  # fmt: skip


def config(**changes):
    return {**settings.defaults(), **NODE, **changes}


def body(text, **changes):
    return nodebody.body_of(recipefile.parse(text, "r.toml"), config(**changes))


def line_of(text, start):
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.startswith(start))


def test_values_arrive_in_their_units(recipe_text):
    text = recipe_text().replace("[vent]", "[vessel]\ncompliance_ul_kpa = 40\n[vent]")
    recipe = Recipe(body(text))
    assert recipe.name.rstrip(b"\0") == b"jar"
    assert (recipe.target_pa, recipe.tolerance_pa, recipe.gross_pa) == (117_000, 5_000, 6_000)
    assert recipe.limit_fpa_m3_s == 10**12
    assert (recipe.fill_ms, recipe.stabilise_ms, recipe.measure_s) == (20_000, 60_000, 60)
    assert (recipe.uses, recipe.vented, recipe.tries) == (0b11, 1, 1)
    assert recipe.compliance_nl_pa == 40  # µL/kPa and nL/Pa are the same
    assert recipe.seat_fpa_m3_s == -1


def test_every_field_of_the_record_has_a_key_or_is_made(recipe_text):
    made = {"name", "uses", "wiring"}
    assert {key.field for key in recipefile.KEYS} | made == {f.name for f in RECIPE.fields}


@pytest.mark.parametrize(
    ("changes", "line", "why"),
    [
        ({"kind": '"pressure_decai"'}, "kind", "not one of pressure_decay"),
        ({"tries": 4}, "tries", "outside 1 to 3"),
        ({"tries": "true"}, "tries", "no number"),
        ({"target_pa": '"117 kPa"'}, "target_pa", "no number"),
        ({"target_pa": None}, "[pressure]", "is missing"),
        ({"leak_pa_m3_s": "nan"}, "leak_pa_m3_s", "outside"),
        ({"leak_pa_m3_s": "inf"}, "leak_pa_m3_s", "outside"),
        ({"leak_pa_m3_s": "-1e-4"}, "leak_pa_m3_s", "outside"),
        ({"vented": 1}, "vented", "true or false"),
        ({"use": "[]"}, "use", "names of the outputs"),
        ({"use": '["supply", 3]'}, "use", "names of the outputs"),
        ({"use": '["supply", "dumb"]'}, "use", "no output 'dumb'; the node has supply, dump"),
        ({"use": '["supply"]'}, "use", "needs a vent"),
        ({"use": '["dump"]'}, "use", "fill output"),
        ({"use": '["supply", "dump", "pump"]'}, "use", "not both"),
        ({"use": '["supply", "dump", "bleed"]'}, "use", "isolate"),
        ({"kind": '"tight_blank"'}, "use", "blanking"),
        ({"kind": '"differential"'}, "kind", "compensation=reference"),
        ({"target_pa": 120_000}, "target_pa", "over-pressure cut, 123000 Pa"),
        ({"target_pa": 105_000}, "target_pa", "not above the pressure outside"),
        ({"gross_pa": 16_000}, "gross_pa", "more than there is to lose"),
    ],
)
def test_a_mistake_is_told_with_its_line(recipe_text, changes, line, why):
    text = recipe_text(**changes)
    with pytest.raises(BadRecipe) as caught:
        body(text)
    assert f"r.toml line {line_of(text, line)}: " in caught.value.message
    assert why in caught.value.message
    assert caught.value.hint
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("[vent]", "[vents]", "time_s = 10", "vents.time_s"),
        ("tolerance_pa", "tolerence_pa", "tolerence_pa", "no such key"),
        ('name = "jar"', 'name = "a name of more than 16"', "name", "1 to 16 bytes"),
        ("[vent]", "[vessel]\ndeformable = true\n[vent]", "deformable", "deforms"),
        (
            "[vent]", "[vessel]\ncompliance_ul_kpa = 900\n[vent]", "compliance_ul_kpa",
            "deformable",
        ),
        (
            "vented = true", "vented = true\nseat_bound_pa_m3_s = 1e-3", "seat_bound_pa_m3_s",
            "nothing could pass",
        ),
        (
            "[measure]\n", "[measure]\nuncertainty_pa_m3_s = 3e-4\n", "uncertainty_pa_m3_s",
            "at most a quarter",
        ),
        (
            "[measure]\n", "[measure]\nuncertainty_pa_m3_s = 1e-4\n", "uncertainty_pa_m3_s",
            "calibrated",
        ),
        (
            "[vent]", "[reference]\ninside_pa = 120000\n[vent]", "[reference]", "flow law",
        ),
        (
            "[vent]", '[reference]\nlaw = "laminar"\noutside_pa = 120000\n[vent]', "[reference]",
            "drive no leak",
        ),
        ("[measure]\ntime_s = 60", "[measure]\ntime_s = 1", "time_s = 1", "samples"),
        ("[measure]\ntime_s = 60", "[measure]\ntime_s = 9999", "time_s = 9999", "samples"),
    ],
)  # fmt: skip
def test_more_mistakes(recipe_text, old, new, line, why):
    text = recipe_text().replace(old, new)
    with pytest.raises(BadRecipe) as caught:
        body(text)
    assert f"line {line_of(text, line)}: " in caught.value.message
    assert why in caught.value.message


def test_a_likely_spelling_is_offered(recipe_text):
    with pytest.raises(BadRecipe) as caught:
        recipefile.parse(recipe_text().replace("tolerance_pa", "tolerence_pa"), "r.toml")
    assert "did you mean pressure.tolerance_pa?" in caught.value.hint


def test_what_is_no_toml_says_where(recipe_text):
    with pytest.raises(BadRecipe, match=r"r\.toml: .*line 3"):
        recipefile.parse(recipe_text().replace("tries = 1", "tries = "), "r.toml")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError):
        recipefile.load(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError):
        recipefile.load(tmp_path / "bytes.toml")


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ({"u_volume_ppm": 0}, "volume is not calibrated"),
        ({"temp_lag_ms": -1}, "temp_lag_ms"),
        ({"settling_ms": -1}, "settling_ms"),
        ({"outputs": "none"}, "no outputs"),
    ],
)
def test_a_node_that_is_not_ready_is_refused(recipe_text, setting, why):
    with pytest.raises(InputError) as caught:
        body(recipe_text(), **setting)
    assert why in caught.value.message


def test_the_recipes_own_volume_needs_its_own_uncertainty(recipe_text):
    text = recipe_text().replace("[vent]", "[vessel]\nvolume_l = 0.8\n[vent]")
    with pytest.raises(BadRecipe, match="not calibrated"):
        body(text)
    done = Recipe(body(text.replace("volume_l = 0.8", "volume_l = 0.8\nu_volume_percent = 0.5")))
    assert (done.volume_ul, done.u_volume_ppm) == (800_000, 5_000)


def test_a_phase_that_would_break_an_interlock_is_refused(recipe_text):
    wiring = "16:supply:fill:nc:60;17:dump:vent:nc:0;18:iso:isolate:nc:900:supply"
    text = recipe_text(use='["supply", "dump", "iso"]')
    with pytest.raises(BadRecipe, match="interlock of supply"):
        body(text, outputs=wiring)


@pytest.mark.parametrize(
    ("never", "use", "broken"),
    [
        ("18:iso:isolate:nc:900:supply", '["supply", "dump", "iso"]', "supply"),  # filling
        ("18:iso:isolate:nc:900;19:bleed:bleed:nc:900:dump",
         '["supply", "dump", "iso", "bleed"]', "dump"),  # venting
        ("18:plug:blanking:nc:900;19:iso:isolate:nc:900:plug",
         '["supply", "dump", "plug", "iso"]', "plug"),  # the part is open, and the line
    ],
)  # fmt: skip
def test_a_recipe_whose_phases_break_an_interlock_is_refused(recipe_text, never, use, broken):
    """On the host with its line, and on the node, before anything moves."""
    wiring = "16:supply:fill:nc:60;17:dump:vent:nc:0;" + never
    with pytest.raises(BadRecipe, match=f"would break the interlock of {broken}"):
        body(recipe_text(use=use), outputs=wiring)
    allowed = wiring.rpartition(":")[0]
    assert body(recipe_text(use=use), outputs=allowed)

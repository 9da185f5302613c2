"""From a recipe file to the body a node keeps, checked against the node's settings.

The same check runs on the node; here it can name the line.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping

from hullcore import outputs, settings
from hullcore.recipe import Recipe
from hullcore.recipecheck import RecipeError, check
from hullwatch.errors import InputError
from hullwatch.leaktest.recipefile import RecipeFile
from hullwatch.link.recordkinds import RECIPE


def configuration(texts: Mapping[str, str]) -> dict[str, object]:
    """A node's settings as values, from the texts it gives; InputError when they are no such."""
    values = settings.defaults()
    try:
        values.update((key, settings.check(key, text)) for key, text in texts.items())
    except settings.SettingError as error:
        raise InputError(f"the node's settings: {error}", "are both of one version?") from error
    return values


def body_of(recipe: RecipeFile, config: Mapping[str, object]) -> bytes:
    """The RECIPE body for a node with this configuration; BadRecipe names the line refused."""
    wiring = str(config["outputs"])
    rows = outputs.parse(wiring)
    if not rows:
        raise InputError(
            "this node has no outputs, so it can run no test",
            "hullwatch config set outputs=… overpressure_pa=…; firmware/README.md says how",
        )
    names = [row[1] for row in rows]
    uses = 0
    for name in recipe.valves:
        if name not in names:
            raise recipe.refusal("uses", f"no output {name!r}; the node has {', '.join(names)}")
        uses |= 1 << names.index(name)
    crc = binascii.crc32(wiring.encode())
    values = {
        **recipe.fields, "name": recipe.name.encode(), "uses": uses, "wiring": crc
    }  # fmt: skip
    body = RECIPE.struct.pack(*(values[field.name] for field in RECIPE.fields))
    try:
        check(Recipe(body), dict(config), rows, crc)
    except RecipeError as error:
        raise recipe.refusal(error.field, str(error)) from error
    return body

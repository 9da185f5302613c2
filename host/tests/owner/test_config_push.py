"""A file of settings pushed to a node, through the logger that holds its port."""

import json

import pytest

from hullwatch.cli import configpush
from hullwatch.cli.app import cli
from hullwatch.control import requests
from hullwatch.errors import InputError


def told(capsys, *words):
    capsys.readouterr()
    cli.main(["config", *map(str, words)], standalone_mode=False)
    return capsys.readouterr().out


def test_what_is_shown_as_toml_can_be_pushed_and_only_what_differs_is(
    server, run, capsys, tmp_path
):
    one = run()
    one.until(lambda: one.samples() > 10)
    shown = told(capsys, "show", "--toml")
    file = tmp_path / "node.toml"
    file.write_text(shown)
    assert told(capsys, "push", file) == "nothing differs\n"
    file.write_text(
        shown.replace("volume_ul = 1000000", "volume_ul = 1500000").replace(
            "windows_s = [10, 60, 600, 3600, 86400]", "windows_s = [10, 60]"
        )
    )
    assert json.loads(told(capsys, "push", file, "--json"))["written"] == {
        "volume_ul": "1500000", "windows_s": "10,60"
    }  # fmt: skip
    one.until(lambda: one.noted("boot 2"))
    settings = one.ask(do=requests.CONFIG_SHOW)["settings"]
    assert (settings["volume_ul"], settings["windows_s"]) == ("1500000", "10,60")
    assert one.error is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("volume_ul = -1", "volume_ul: -1 is outside"),
        ("volume = 1", "volume"),
        ("volume_ul = 1\nvolume_ul = 2", "not TOML"),
        ("", "no settings"),
        ("[node]\nvolume_ul = 1", "node"),
    ],
)
def test_a_file_with_a_mistake_is_refused_before_a_port_is_looked_for(tmp_path, text, why):
    file = tmp_path / "node.toml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        configpush.settings_file(file)
    assert why in caught.value.message
    with pytest.raises(InputError):
        configpush.settings_file(tmp_path / "none.toml")

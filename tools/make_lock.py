"""Write `requirements.lock`: every installed version, as constraints without hosts or hashes."""

import re
from importlib.metadata import distributions
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Versions that `make setup` installs. Written by `make lock`; do not edit.\n"
UNLOCKED = {"hullwatch", "setuptools", "wheel"}  # ourselves, and what some interpreters' venv adds


def constraints(*folders: Path) -> str:
    """Return one `name==version` line for each distribution found in `folders`."""
    versions = {
        re.sub(r"[-_.]+", "-", dist.name).lower(): dist.version
        for dist in distributions(path=[str(folder) for folder in folders])
    }
    lines = [f"{n}=={v}\n" for n, v in sorted(versions.items()) if n not in UNLOCKED]
    return HEADER + "".join(lines)


@click.command()
def main() -> None:
    """Write requirements.lock from what .venv holds."""
    (packages,) = (ROOT / ".venv" / "lib").glob("python3*/site-packages")
    (ROOT / "requirements.lock").write_text(constraints(packages, ROOT / ".venv" / "typings"))


if __name__ == "__main__":
    main()

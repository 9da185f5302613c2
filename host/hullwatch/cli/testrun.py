"""`hullwatch test run`: one part, one recipe, one verdict."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console

from hullcore.recipe import RISE
from hullwatch.bench.rig import load_rig
from hullwatch.calibration import Behind
from hullwatch.cli import figures, testreach
from hullwatch.cli.options import DEFAULT_DB, db_option, json_option, print_json
from hullwatch.cli.paths import running_database
from hullwatch.cli.standingview import behind_object, lines
from hullwatch.cli.testreach import TestNode
from hullwatch.leaktest import attempts, follow, nodebody, recipefile
from hullwatch.leaktest.readiness import ready
from hullwatch.leaktest.recipefile import RecipeFile
from hullwatch.link.testnames import REASONS
from hullwatch.store import Reader

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("run", epilog="Example: hullwatch test run jar.toml --part A-017 --json")
@click.argument("recipe", type=_FILE)
@click.option("--part", required=True, help="Id of the part, used once.")
@click.option("--port", default=None, help="Port, when there are several.")
@db_option(None)
@click.option(
    "--bench", type=click.Choice(["sim"]), default=None, help="Test on a --rig, virtually."
)
@click.option("--rig", type=_FILE, default=None, help="Node, valves and part, simulated.")
@click.option("--leak", type=float, default=None, help="Of the simulated part, Pa·m³/s.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of all that is random (sim).")
@json_option
def command(
    recipe: Path, part: str, port: str | None, db: Path | None, bench: str | None,
    rig: Path | None, leak: float | None, seed: int, as_json: bool,
) -> None:  # fmt: skip
    """Test one part with a recipe and wait for the verdict.

    Refused before anything moves: a recipe the node cannot run safely, a part id that has its
    verdict, a volume whose calibration is missing, expired, or not what the node is set to. The
    database that is asked for these is --db, else that of the running logger, else hullwatch.db.

    Exit code 0: PASS; 80: FAIL; 81: RETEST (run it again with the same id); 82: GROSS; 83:
    INVALID. Ctrl-C ends the waiting, not the test: hullwatch test abort does.
    """
    attempts.check_part(part)
    if (bench is None) != (rig is None) or (leak is not None and rig is None):
        raise click.UsageError("--bench sim and --rig belong together, --leak to them")
    wanted = recipefile.load(recipe)
    path = known_database(db) if rig is None else db or DEFAULT_DB
    attempt = _attempt(path, part)
    with contextlib.ExitStack() as stack:
        if rig is None:
            node = stack.enter_context(testreach.reached(port))
        else:
            assert path is not None
            node = stack.enter_context(testreach.simulated(load_rig(rig, seed, leak), path))
        done, behind, truth = _tested(node, wanted, part, attempt, path)
    if as_json:
        print_json({
            **_object(part, attempt, done), "truth_pa_m3_s": truth,
            "behind": behind_object(behind),
        })  # fmt: skip
    else:
        _tell(part, done, behind, truth)
    raise click.exceptions.Exit(follow.EXIT_CODES.get(done.verdict, 83))


def _tested(
    node: TestNode, wanted: RecipeFile, part: str, attempt: int, path: Path | None
) -> tuple[follow.Progress, Behind, float | None]:
    """Run it; what the node said last, the calibrations behind it, the truth where one knows it."""
    config = nodebody.configuration(node.settings())
    with _reader(path) as reader:
        behind = ready(reader, node.uid, wanted, config, node.utc_us())
    body = nodebody.body_of(wanted, config)
    number = follow.start(node, follow.load(node, body), part, attempt)
    true: list[float] = []
    with Console(stderr=True).status(f"test {number} of {part}") as shown:

        def seen(now: follow.Progress) -> None:
            shown.update(_line(part, now))
            leak = node.truth_pa_m3_s()
            if now.phase == "measure" and leak is not None:
                true.append(leak)

        done = follow.until_done(node, node.wait, seen)
    into = wanted.fields["kind"] == RISE  # its rate is positive into the part
    return done, behind, (-1 if into else 1) * sum(true) / len(true) if true else None


@contextlib.contextmanager
def _reader(path: Path | None) -> Iterator[Reader | None]:
    if path is None:
        yield None
        return
    with Reader.open(path) as reader:
        yield reader


def known_database(db: Path | None) -> Path | None:
    """The one named, else that of the running logger, else hullwatch.db where there is one."""
    if db is not None:
        return db
    return running_database() or (DEFAULT_DB if DEFAULT_DB.exists() else None)


def _attempt(path: Path | None, part: str) -> int:
    """1, or the next after RETEST; InputError for a part that has had its verdict."""
    if path is None or not path.exists():
        return 1
    with Reader.open(path) as reader:
        return attempts.next_attempt(reader, part)


def _line(part: str, now: follow.Progress) -> str:
    left_s = max(0.0, now.planned_s - now.elapsed_s)
    return f"{part}: {now.phase}, {now.pressure_pa:.0f} Pa, at most {left_s:.0f} s more"


def _tell(part: str, done: follow.Progress, behind: Behind, truth: float | None) -> None:
    rate = figures.with_uncertainty(done.rate_pa_m3_s, done.guard_pa_m3_s)
    click.echo(f"{part}: {done.verdict}" + (f", {rate} Pa·m³/s" if done.guard_pa_m3_s else ""))
    if truth is not None:
        click.echo(f"  truth (simulated): {truth:.4g} Pa·m³/s")
    meanings = dict(REASONS)
    for name in done.reasons:
        click.echo(f"  {name}: {meanings.get(name, '')}")
    if done.phase == "fault":
        click.echo("  the outputs are safe; hullwatch test abort acknowledges the fault")
    for line in lines(behind):
        click.echo(f"  {line}")


def _object(part: str, attempt: int, done: follow.Progress) -> dict[str, object]:
    return {
        "part": part, "attempt": attempt, "verdict": done.verdict, "reasons": list(done.reasons),
        "leak_rate_pa_m3_s": done.rate_pa_m3_s, "guard_pa_m3_s": done.guard_pa_m3_s,
        "record": done.record, "test": done.number, "phase": done.phase,
    }  # fmt: skip

"""`hullwatch confirm`: do several nodes, or two sensors of one, say the same of a chamber."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hullwatch.analysis.agreement import Joint, joint, paired
from hullwatch.analysis.budget import Quantity
from hullwatch.calibration import SpanMean, span_mean
from hullwatch.calibration.twosensors import two_sensors
from hullwatch.cli import figures, readings
from hullwatch.cli.calibrating import node_of
from hullwatch.cli.options import DURATION, db_option, json_option, print_json
from hullwatch.cli.readings import SPAN, Span
from hullwatch.errors import InputError
from hullwatch.store import Reader

DISAGREE = 1
"""Exit code when the nodes contradict each other, or when not all of a limit is decided."""


@click.command(
    "confirm",
    epilog="Example: hullwatch confirm 2b1fc4478569a7e9 e66138528350b42c"
    ' --span 2026-03-01T10:00..2026-03-01T14:00 --limit "1e-5 Pa·m³/s at 20C"',
)
@click.argument("nodes", nargs=-1, required=True, metavar="NODE [NODE]...")
@db_option()
@click.option("--span", type=SPAN, required=True, help="START..END, the same for all, UTC.")
@click.option("--window", type=DURATION, default=None, help="Only windows of this length.")
@click.option("--limit", default=None, help="A leak rate to compare the joint result with.")
@click.option(
    "--common", type=click.FloatRange(0), default=0.0, show_default=True,
    help="Standard uncertainty that all share, % of the rate: such as that of one volume.",
)  # fmt: skip
@json_option
@click.pass_context
def command(
    context: click.Context, nodes: tuple[str, ...], db: Path, span: Span, window: float | None,
    limit: str | None, common: float, as_json: bool,
) -> None:  # fmt: skip
    """Compare the leak rates of nodes on one chamber: a joint result, or a stated disagreement.

    One NODE: its two pressure sensors, when the second is in the same chamber; from raw samples,
    in windows of a tenth of the span unless --window says otherwise.

    Pairs agree for |E_n| ≤ 1 (ISO 13528), more than two also by χ². The joint rate is the weighted
    mean. What all nodes share, such as a wrong temperature, no comparison can show. Ends with 1
    when they disagree, or when the joint rate is not below --limit.
    """
    if len(nodes) == 1:
        verdict = _of_sensors(db, nodes[0], span, window, limit, common, as_json)
    else:
        verdict = _of_nodes(db, nodes, span, window, limit, common, as_json)
    if verdict not in ("agree", "below"):
        context.exit(DISAGREE)


def _of_sensors(
    db: Path, node: str, span: Span, window: float | None, limit: str | None, common: float,
    as_json: bool,
) -> str:  # fmt: skip
    """Two sensors of one node; the verdict."""
    with Reader.open(db) as reader:
        two = two_sensors(reader, node_of(reader, node), span.start_us, span.past_us, window)
    first, second = (rates.tolist() for rates in two.rates)
    rate = abs(sum(first) + sum(second)) / 2 / len(first)
    found = paired(first, second, two.names, common / 100 * rate)
    most = _limit(limit, two.t_ref_k)
    verdict = found.verdict(most)
    if as_json:
        print_json({
            **_joint_object(found, verdict, two.t_ref_k, most), "node": node,
            "window_s": two.window_s, "windows": len(first),
            "rates_pa_m3_s": {name: list(x) for name, x in zip(two.names, (first, second),
                                                                strict=True)},
        })  # fmt: skip
    else:
        click.echo(f"{node}: {len(first)} windows of {figures.length(two.window_s)}, noise only")
        _show_joint(found, verdict, two.t_ref_k)
    return verdict


def _of_nodes(
    db: Path, nodes: tuple[str, ...], span: Span, window: float | None, limit: str | None,
    common: float, as_json: bool,
) -> str:  # fmt: skip
    """Two nodes or more; the verdict."""
    with Reader.open(db) as reader:
        means = {
            node_of(reader, node): span_mean(reader, node, span.start_us, span.past_us, window)
            for node in nodes
        }
    t_refs = {mean.t_ref_k for mean in means.values()}
    if len(t_refs) > 1:
        raise InputError("the nodes have different reference temperatures", "set t_ref_mk alike")
    (t_ref_k,) = t_refs
    results = [_result(node, mean) for node, mean in means.items()]
    rate = sum(abs(result.value) for result in results) / len(results)
    found = joint(results, common / 100 * rate)
    most = _limit(limit, t_ref_k)
    verdict = found.verdict(most)
    if as_json:
        print_json(_object(found, verdict, results, means, t_ref_k, most))
    else:
        _show(found, verdict, results, means, t_ref_k)
    return verdict


def _limit(limit: str | None, t_ref_k: float) -> float | None:
    return readings.leak_rate(limit, t_ref_k, need_u=False).value if limit else None


def _result(node: str, mean: SpanMean) -> Quantity:
    """Scatter and, where the node was told bounds, everything else."""
    own = mean.leak_rate
    u = math.hypot(own.u, mean.u_systematic or 0.0)
    # Welch and Satterthwaite: the bounds have infinitely many
    dof = own.dof * (u / own.u) ** 4 if own.u else math.inf
    return replace(own, name=node, u=u, dof=math.floor(dof) if math.isfinite(dof) else dof)


def _object(
    found: Joint, verdict: str, results: list[Quantity], means: dict[str, SpanMean],
    t_ref_k: float, limit: float | None,
) -> dict[str, object]:  # fmt: skip
    return {
        **_joint_object(found, verdict, t_ref_k, limit),
        "nodes": [
            {
                "node": x.name, "value_pa_m3_s": x.value, "u_pa_m3_s": x.u,
                "dof": x.dof if math.isfinite(x.dof) else None,
                "windows": means[x.name].windows, "window_s": means[x.name].window_s,
                "noise_only": means[x.name].u_systematic is None,
            }
            for x in results
        ],
    }  # fmt: skip


def _joint_object(
    found: Joint, verdict: str, t_ref_k: float, limit: float | None
) -> dict[str, object]:
    return {
        "verdict": verdict, "value_pa_m3_s": found.value, "u_pa_m3_s": found.u,
        "u95_pa_m3_s": found.u95, "t_ref_k": t_ref_k, "limit_pa_m3_s": limit,
        "chi2": found.chi2, "chi2_p": found.chi2_p, "birge": found.birge,
        "pairs": [asdict(pair) for pair in found.pairs],
    }  # fmt: skip


def _show(
    found: Joint, verdict: str, results: list[Quantity], means: dict[str, SpanMean], t_ref_k: float
) -> None:
    table = Table(title=figures.title("leak rates", [t_ref_k]), title_justify="left")
    for name in ("node", "rate ± u (k = 1)", "windows", "contains"):
        table.add_column(name)
    for x in results:
        mean = means[x.name]
        table.add_row(
            x.name,
            figures.with_uncertainty(x.value, x.u),
            f"{mean.windows} of {figures.length(mean.window_s)}",
            "noise only" if mean.u_systematic is None else "full budget",
        )
    Console().print(table)
    _show_joint(found, verdict, t_ref_k)


def _show_joint(found: Joint, verdict: str, t_ref_k: float) -> None:
    for pair in found.pairs:
        word = "agree" if pair.agree else "disagree"
        click.echo(f"{pair.names[0]}, {pair.names[1]}: E_n = {pair.e_n:.2f}, {word}")
    if found.value is None:
        click.echo("DISAGREE: there is no joint result")
        return
    value = figures.with_uncertainty(found.value, found.u95, figures.LEAK_UNIT)
    click.echo(f"joint: {value} {figures.reference(t_ref_k)} (95 %)")
    if verdict != "agree":
        click.echo(f"against the limit: {verdict}")

"""A search as a person follows it: one line a step, and the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import click

from hullwatch.cli import figures
from hullwatch.isolate.finding import DETERMINED, NO_LEAK_FOUND, Entry, Finding


def show_step(entry: Entry) -> None:
    """Print what happened."""
    made = _LINES.get(str(entry["step"]))
    line = made(entry) if made else ""
    if line:
        click.echo(line)


def _baseline(entry: Entry) -> str:
    rate = figures.with_uncertainty(
        _number(entry["rate_pa_m3_s"]), _number(entry["u95_pa_m3_s"]), figures.LEAK_UNIT
    )
    length = figures.length(_number(entry["window_s"]))
    return f"all open   the whole loses {rate} ({entry['windows']} windows of {length})"


def _close(entry: Entry) -> str:
    return (
        f"close      {entry['hatch']} for {_number(entry['planned_s']):.0f} s, "
        f"at most {_number(entry['limit_s']):.0f} s; "
        f"{_number(entry['expected_bits']):.2f} bits expected"
    )


def _open(entry: Entry) -> str:
    late = "" if entry["limit_kept"] else ", LONGER THAN PERMITTED"
    seen = entry["difference_pa"]
    apart = "" if seen is None else f", the sides {_number(seen):.1f} Pa apart"
    return f"open       {entry['hatch']} after {_number(entry['closed_for_s']):.0f} s{apart}{late}"


def _check(entry: Entry) -> str:
    if entry["opened"] == "no":
        return f"check      {entry['hatch']} IS STILL CLOSED: its sides stay apart"
    return ""


def _weigh(entry: Entry) -> str:
    sides = cast("Sequence[dict[str, object]]", entry["sides"])
    told = []
    for side in sides:
        names = ", ".join(cast("Sequence[str]", side["sections"]))
        if side["slope_pa_s"] is None:
            told.append(f"{names}: no node")
            continue
        slope = figures.with_uncertainty(
            _number(side["slope_pa_s"]), _number(side["u95_pa_s"]), "Pa/s"
        )
        told.append(f"{names}: {slope}")
    leaks = _number(entry["hatch_leaks"])
    doubt = f"; {entry['hatch']} leaks ({leaks:.2f})" if leaks > 0.5 else ""
    likeliest = cast("dict[str, float]", entry["probabilities"])
    best = max(likeliest, key=lambda name: likeliest[name])
    return f"weigh      {' | '.join(told)}{doubt}; likeliest {best} {share(likeliest[best])}"


_LINES = {
    "baseline": _baseline, "close": _close, "open": _open, "check": _check, "weigh": _weigh,
}  # fmt: skip


def show_finding(finding: Finding, t_ref_k: float) -> None:
    """Print the result."""
    rate = ""
    if finding.rate_pa_m3_s is not None:
        shown = figures.with_uncertainty(
            finding.rate_pa_m3_s, finding.u95_pa_m3_s, figures.LEAK_UNIT
        )
        kinds = ", ".join(kind.replace("_", " ") for kind in finding.interval_contains)
        rate = f"; {shown} {figures.reference(t_ref_k)} ({kinds})"
    closings = f"; {finding.closings} closing" + ("" if finding.closings == 1 else "s")
    if finding.verdict == DETERMINED:
        assert finding.confidence is not None
        click.echo(f"leak in {finding.section}, {share(finding.confidence)}{rate}{closings}")
    elif finding.verdict == NO_LEAK_FOUND:
        click.echo(f"no leak found: {finding.reason}{rate}{closings}")
    else:
        click.echo(f"not determined: {finding.reason}{rate}{closings}")
    if finding.untrusted:
        click.echo("not trusted, leaks when closed: " + ", ".join(finding.untrusted))


def share(probability: float) -> str:
    """A probability that is never shown as 1."""
    return ">0.9999" if probability > 0.9999 else f"{probability:.4f}"


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)

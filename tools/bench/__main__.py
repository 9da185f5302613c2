"""`python tools/bench`: every performance claim of the project, measured; ratios of one run."""

from __future__ import annotations

import click
import drift
import ingest
import linkspeed
import reanalyse
import simspeed
import usualway
import year


@click.command()
@click.option("--samples", default=256_000, show_default=True, help="Of the ingest comparison.")
@click.option("--virtual-s", default=3600.0, show_default=True, help="Of the sim bench.")
@click.option("--days", default=3.0, show_default=True, help="Of the store; 365.25 for a year.")
def main(samples: int, virtual_s: float, days: float) -> None:
    """Measure ingest against a plain logger, the store and its analysis, sim, estimator, link."""
    ingest.report(samples)
    year.report(days)
    reanalyse.report(days)
    simspeed.report(virtual_s)
    usualway.report()
    drift.report()
    linkspeed.report()


if __name__ == "__main__":
    main()

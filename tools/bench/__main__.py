"""`python tools/bench`: every performance claim of the project, measured; ratios of one run."""

from __future__ import annotations

import click
import ingest
import simspeed


@click.command()
@click.option("--samples", default=256_000, show_default=True, help="Of the ingest comparison.")
@click.option("--virtual-s", default=3600.0, show_default=True, help="Of the sim bench.")
def main(samples: int, virtual_s: float) -> None:
    """Measure decode + CRC + durable commit against a plain logger, and the sim bench's speed."""
    ingest.report(samples)
    simspeed.report(virtual_s)


if __name__ == "__main__":
    main()

"""`hullwatch calibrate background`: what a test reads of a part that does not leak."""

from __future__ import annotations

import click

from hullwatch.analysis.background import of_tight_part, of_two_windows
from hullwatch.analysis.budget import Budget, Quantity
from hullwatch.calibration import SpanMean, span_mean
from hullwatch.cli import readings
from hullwatch.cli.calibrating import Keeping, keep, kept, node_of, tell
from hullwatch.cli.options import DURATION
from hullwatch.errors import InputError
from hullwatch.store import Reader


@click.command(
    "background",
    epilog="Example: hullwatch calibrate background --first 2026-03-01T10:00..2026-03-01T10:10"
    " --second 2026-03-01T11:00..2026-03-01T11:10 --settling 10min",
)
@click.option(
    "--first", required=True,
    help="Where the test measures: START..END of stored windows, or a leak rate ± u.",
)  # fmt: skip
@click.option("--second", default=None, help="Later, on a part that may leak; likewise.")
@click.option(
    "--settling", type=DURATION, default=None, help="Longest time constant, with --second."
)
@click.option(
    "--apart", type=DURATION, default=None,
    help="Between the middles of the windows, when leak rates are typed.",
)  # fmt: skip
@click.option(
    "--part-below",
    default=None,
    help="Without --second: the part is tight, its leak is below this rate.",
)
@click.option(
    "--t-ref", type=readings.TEMPERATURE, default="20 ± 0 C", show_default=True,
    help="Reference temperature, when leak rates are typed.",
)  # fmt: skip
@kept
def command(
    first: str, second: str | None, settling: float | None, apart: float | None,
    part_below: str | None, t_ref: Quantity, **given: object,
) -> None:  # fmt: skip
    """Background leak rate: what settling and fittings add to every test.

    Either of a part known to be tight (--part-below), or of any part from two windows: the leak is
    in both, what settles is gone in the second. Fill and wait as the test does.
    """
    keeping = Keeping(**given)  # type: ignore[arg-type]
    if (second is None) == (part_below is None):
        raise InputError("one of --second and --part-below is needed", "a leaky part, or a tight")
    with Reader.open(keeping.db) as reader:
        node = node_of(reader, keeping.node)
        texts = [text for text in (first, second) if text is not None]
        means = [_mean(reader, node, text) for text in texts]
    t_ref_k = next((mean.t_ref_k for mean in means if mean), t_ref.value)
    rates = [
        mean.leak_rate if mean else readings.leak_rate(text, t_ref_k)
        for mean, text in zip(means, texts, strict=True)
    ]
    if part_below is not None:
        bound = readings.leak_rate(part_below, t_ref_k, need_u=False).value
        found, method = of_tight_part(rates[0], bound), "tight part"
    else:
        found, method = _two(rates, means, settling, apart), "two windows"
    row = keep(keeping, "background", found, method, t_ref_k=t_ref_k)
    tell(keeping, row, found, None, False)


def _two(
    rates: list[Quantity], means: list[SpanMean | None], settling: float | None,
    apart: float | None,
) -> Budget:  # fmt: skip
    if settling is None:
        raise InputError("--second needs --settling", "a bound on the settling time constant")
    middles = [mean.middle_utc_us for mean in means if mean]
    if len(middles) == 2:
        apart = (middles[1] - middles[0]) / 1e6
    if apart is None:
        raise InputError("--apart is missing", "the time between the middles of the windows")
    return of_two_windows(rates[0], rates[1], apart, settling)


def _mean(reader: Reader, node: str, text: str) -> SpanMean | None:
    if ".." not in text:
        return None
    span = readings.SPAN.convert(text, None, None)
    return span_mean(reader, node, span.start_us, span.past_us)

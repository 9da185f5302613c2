"""`/metrics`: what a Prometheus server scrapes; numbers as stored, each with its half-width."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from hullwatch.alarms.findings import Facts, gather

if TYPE_CHECKING:
    from hullwatch.store import Reader, Summary, WindowRow
    from hullwatch.web.alarms import Alarm

CONTENT_TYPE = CONTENT_TYPE_LATEST
_WINDOW = ("node", "chamber", "window_s", "t_ref_k")
_NODE = ("node", "chamber")


def exposition(reader: Reader, now_utc_us: int, alarms: Sequence[Alarm]) -> bytes:
    """Every node's newest windows, counts and alarms, in the Prometheus text format."""
    facts = gather(reader, now_utc_us)
    summaries = {one.node: reader.summary(one.node) for one in facts}
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once([*_of_windows(facts), *_of_nodes(facts, summaries), _of(alarms)]))
    return generate_latest(registry)


class _Once(Collector):
    """Metrics that were gathered for one scrape."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        """Them."""
        return self._metrics


def _of_windows(facts: Sequence[Facts]) -> Iterator[Metric]:
    columns: tuple[tuple[str, str, str], ...] = (
        ("leak_rate_pa_m3_per_s", "Leak rate at T_ref, positive: gas lost", "leak_rate_pa_m3_s"),
        ("leak_rate_u95_pa_m3_per_s", "Half-width of its 95 % interval", "u95_pa_m3_s"),
        ("pressure_pascals", "Mean pressure of the window", "pressure_mean_pa"),
        ("temperature_kelvin", "Mean temperature of the window", "temperature_mean_k"),
        (
            "reserve_seconds",
            "Time to the reserve limit by the upper bound of the loss",
            "reserve_s",
        ),
    )
    for name, text, column in columns:
        family = GaugeMetricFamily(f"hullwatch_{name}", text, labels=_WINDOW)
        for one in facts:
            for row in one.newest.values():
                value = getattr(row, column)
                if value is not None and not (column == "reserve_s" and value < 0):
                    family.add_metric(_labels(one, row), float(value))
        yield family
    trend = GaugeMetricFamily(
        "hullwatch_trend", "1 for the state that a trend is in", labels=(*_WINDOW, "state")
    )
    whole = GaugeMetricFamily(
        "hullwatch_interval_whole", "1 when the interval holds more than noise", labels=_WINDOW
    )
    for one in facts:
        for row in one.newest.values():
            if row.trend:
                trend.add_metric([*_labels(one, row), row.trend], 1.0)
            if row.u95_pa_m3_s is not None:
                noise_only = row.u95_kind.startswith("noise_only")
                whole.add_metric(_labels(one, row), float(not noise_only))
    yield trend
    yield whole


def _labels(one: Facts, row: WindowRow) -> list[str]:
    return [one.node, one.chamber, f"{row.window_s:g}", f"{row.t_ref_k:g}"]


def _of_nodes(facts: Sequence[Facts], summaries: dict[str, Summary]) -> Iterator[Metric]:
    heard = GaugeMetricFamily(
        "hullwatch_heard_timestamp_seconds", "When the node was heard last, UTC", labels=_NODE
    )
    for one in facts:
        heard.add_metric([one.node, one.chamber], one.heard_utc_us / 1e6)
    yield heard
    columns: tuple[tuple[str, str, str], ...] = (
        ("samples", "Raw samples stored", "samples"),
        ("records", "Records stored", "records"),
        ("boots", "Starts of the node", "boots"),
        ("duplicates", "Records and blocks that came again", "duplicates"),
        ("crc_errors", "Frames with a wrong CRC", "crc_errors"),
        ("telemetry_lost", "Telemetry frames lost", "telemetry_lost"),
    )
    for name, text, column in columns:
        family = CounterMetricFamily(f"hullwatch_{name}", text, labels=_NODE)
        for one in facts:
            value = float(getattr(summaries[one.node], column))
            family.add_metric([one.node, one.chamber], value)
        yield family
    gaps = GaugeMetricFamily(
        "hullwatch_gaps", "Stretches of numbers that are missing", labels=_NODE
    )
    for one in facts:
        gaps.add_metric([one.node, one.chamber], float(len(summaries[one.node].gaps)))
    yield gaps


def _of(alarms: Sequence[Alarm]) -> Metric:
    family = GaugeMetricFamily(
        "hullwatch_alarm", "1 for each open alarm; over: it waits to be acknowledged",
        labels=("node", "rule", "severity", "over", "acknowledged"),
    )  # fmt: skip
    for one in alarms:
        labels = [one.node, one.rule, one.severity, str(one.over).lower()]
        family.add_metric([*labels, str(bool(one.acknowledged_by)).lower()], 1.0)
    return family

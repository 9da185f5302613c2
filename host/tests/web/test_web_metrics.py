"""/metrics as Prometheus' own parser reads it."""

import pytest

import capability
from hullwatch.store import Reader


@pytest.fixture
def scraped():
    parser = capability.module("prometheus_client.parser")

    def scrape(client):
        answer = client("/metrics")
        assert answer.status == 200
        assert answer.headers["content-type"].startswith("text/plain")
        families = parser.text_string_to_metric_families(answer.body.decode())
        return _by_name(families)

    return scrape


def _by_name(families):
    found = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def test_what_is_scraped_is_what_is_stored(served, jar, scraped):
    path, node = jar
    found = scraped(served)
    with Reader.open(path) as reader:
        minute = reader.windows(node, 60.0, last=1)[0]
        summary = reader.summary(node)
        heard_us = reader.heard_utc_us(node)
    labels = {"node": node, "chamber": "chamber", "window_s": "60", "t_ref_k": "293.15"}
    rates = {one["window_s"]: value for one, value in found["hullwatch_leak_rate_pa_m3_per_s"]}
    assert rates["60"] == minute.leak_rate_pa_m3_s
    assert (labels, minute.u95_pa_m3_s) in found["hullwatch_leak_rate_u95_pa_m3_per_s"]
    assert (labels, 0.0) in found["hullwatch_interval_whole"]
    ((who, samples),) = found["hullwatch_samples_total"]
    assert who == {"node": node, "chamber": "chamber"}
    assert samples == summary.samples > 17_000
    assert found["hullwatch_gaps"][0][1] == len(summary.gaps)
    assert found["hullwatch_heard_timestamp_seconds"][0][1] == heard_us / 1e6
    assert "hullwatch_alarm" not in found

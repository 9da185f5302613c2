"""The read-only API against the store's own reader."""

import numpy as np
import pytest

from hullwatch.store import BootKey, Reader
from hullwatch.store.clocktime import DeviceClock

START_US = 1_767_225_600_000_000
LAYOUT = {
    "section": [
        {"name": "<b>node</b>", "volume_m3": 70.0, "node": "n1"},
        {"name": "transfer", "volume_m3": 7.0, "node": "n2"},
    ],
    "hatch": [{"name": "H1", "between": ["<b>node</b>", "transfer"]}],
}


@pytest.fixture
def reader(jar):
    with Reader.open(jar[0]) as opened:
        yield opened


def test_overview_is_the_newest_of_each_length_with_interval_and_conditions(served, reader):
    answer = served.get("nodes")
    (node,) = answer["nodes"]
    assert (node["node"], node["state"], node["sensor"]) == (served.node, "measuring", "bmp581")
    stored = {w: reader.windows(served.node, w, 1)[0] for w in (10.0, 60.0, 600.0)}
    assert [w["window_s"] for w in node["windows"]] == list(stored)
    for shown, row in zip(node["windows"], stored.values(), strict=True):
        assert shown["leak_rate_pa_m3_s"] == row.leak_rate_pa_m3_s
        assert (shown["u95_pa_m3_s"], shown["t_ref_k"]) == (row.u95_pa_m3_s, row.t_ref_k)
    assert node["headline"] == node["windows"][-1]
    last = reader.raw(reader.boots()[0].key)
    assert node["latest"]["pressure_pa"] == last.p_q8[-1] / 256
    assert abs(node["latest"]["utc_us"] - START_US - 1_810_000_000) < 10_000_000


def test_a_node_that_is_not_heard_is_silent(jar, serving):
    client = serving(jar[0], now_utc_us=lambda: START_US + 1_900_000_000)
    assert client.get("nodes")["nodes"][0]["state"] == "silent"


def test_samples_hold_the_extremes_of_every_pixel(served, reader):
    start, past = START_US + 100_000_000, START_US + 1_600_000_000
    got = served.get(f"nodes/{served.node}/samples", from_utc_us=start, to_utc_us=past, pixels=300)
    (boot,) = reader.boots()
    raw = reader.raw(boot.key)
    utc = DeviceClock(reader.clock_fits(boot.key)).utc_us(raw.due_us)[0]
    inside = (utc >= start) & (utc < past)
    assert got["samples"] == int(inside.sum()) == 15_000
    pixel = (utc[inside] - start) * 300 // (past - start)
    p = raw.p_q8[inside] / 256
    for k in (0, 1, 150, 299):
        assert got["low"][k] == round(float(p[pixel == k].min()), 3)
        assert got["high"][k] == round(float(p[pixel == k].max()), 3)
    assert None not in got["low"]
    assert np.all(np.diff(got["utc_us"]) > 0)


def test_closer_pixels_than_samples_are_no_gaps(served):
    at = START_US + 500_000_000
    got = served.get(
        f"nodes/{served.node}/samples", from_utc_us=at, to_utc_us=at + 5_000_000, pixels=1000,
        channel="temperature",
    )  # fmt: skip
    assert got["samples"] == 50
    assert len(got["low"]) == 50
    assert None not in got["low"]
    assert got["low"] == got["high"]


def test_a_hole_is_a_null_between_two_points(tmp_path, site):
    place = site(period_us=100_000)
    place.log()
    place.run(60)
    (boot,) = place.boots()
    place.logger.finish()
    from hullwatch.web import series

    with place.store.reader() as reader:
        whole = series.samples(reader, boot.node, "pressure", *_span(reader, boot), 200)
        assert None not in whole["low"]
    place.port.close()
    place.sleep(40)  # nobody listens: of the raw samples the ring keeps these, so it is cut off
    place.bench.power_cut()
    place.port = place.bench.open_port()
    place.log(place.port)
    place.run(60)
    place.logger.finish()
    with place.store.reader() as reader:
        got = series.samples(reader, boot.node, "pressure", START_US, START_US + 200_000_000, 400)
    assert None in got["low"]
    at = got["low"].index(None)
    assert got["high"][at] is None
    assert got["utc_us"][at - 1] < got["utc_us"][at] < got["utc_us"][at + 1]


def _span(reader, boot: BootKey):
    raw = reader.raw(boot)
    utc = DeviceClock(reader.clock_fits(boot)).utc_us(raw.due_us)[0]
    return int(utc[0]), int(utc[-1]) + 1


def test_windows_of_a_length_lie_in_the_range_asked_for(served, reader):
    start, past = START_US + 300_000_000, START_US + 900_000_000
    got = served.get(f"nodes/{served.node}/windows", from_utc_us=start, to_utc_us=past, window_s=10)
    (boot,) = reader.boots()
    clock = DeviceClock(reader.clock_fits(boot.key))
    wanted = [
        row
        for row in reader.windows(served.node, 10.0)
        if start <= clock.utc_us(np.array([row.device_ms * 1000]))[0][0] < past
    ]
    assert got["leak_rate_pa_m3_s"] == [row.leak_rate_pa_m3_s for row in wanted]
    assert got["u95_pa_m3_s"] == [row.u95_pa_m3_s for row in wanted]
    assert (got["window_s"], got["cut"], got["t_refs_k"]) == (10.0, False, [293.15])
    assert len(wanted) == 60


def test_a_long_range_gets_longer_windows_and_says_so(served):
    got = served.get(
        f"nodes/{served.node}/windows", from_utc_us=START_US - 86_400_000_000,
        to_utc_us=START_US + 86_400_000_000, window_s=10,
    )  # fmt: skip
    assert (got["asked_window_s"], got["window_s"]) == (10.0, 600.0)
    assert len(got["utc_us"]) == 3


def test_events_calibrations_and_link(served):
    names = [event["event"] for event in served.get(f"nodes/{served.node}/events")["events"]]
    assert "BOOT" in names
    standings = served.get(f"nodes/{served.node}/calibrations")["standings"]
    assert {one["state"] for one in standings} == {"missing"}
    link = served.get(f"nodes/{served.node}/link")
    assert (link["samples"], link["gaps"]) == (link["newest_boots"][0]["samples"], [])
    extent = served.get(f"nodes/{served.node}/extent")
    assert abs(extent["from_utc_us"] - START_US) < 1_000_000


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("nodes/nobody/extent", 404, "no node"),
        ("nowhere", 404, "nothing at"),
        ("nodes/NODE/samples?from_utc_us=1&to_utc_us=2", 200, ""),
        ("nodes/NODE/samples?from_utc_us=2&to_utc_us=1", 422, "empty"),
        ("nodes/NODE/samples?from_utc_us=x&to_utc_us=1", 422, "no number"),
        ("nodes/NODE/samples?from_utc_us=nan&to_utc_us=1", 422, "no number"),
        ("nodes/NODE/samples?to_utc_us=1", 422, "from_utc_us is missing"),
        ("nodes/NODE/samples?from_utc_us=1&to_utc_us=2&pixels=999999", 422, "outside"),
        ("nodes/NODE/samples?from_utc_us=1&to_utc_us=2&channel=smell", 422, "pressure, temp"),
        ("nodes/NODE/windows?from_utc_us=1&to_utc_us=2&window_s=inf", 422, "outside"),
        ("nodes/NODE/events?last=0", 422, "outside"),
        ("nodes/NODE/events?first=1", 422, "no parameter"),
        ("isolation", 200, '{"search":null}'),
        ("alarms", 200, "[]"),
        ("recipes", 200, "[]"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_is_told_in_one_line(served, path, status, words):
    answer = served(f"/api/v1/{path.replace('NODE', served.node)}")
    assert answer.status == status
    assert words in answer.body.decode()
    if status != 200:
        assert set(answer.json) == {"error", "hint", "exit_code"}
        assert "\n" not in answer.json["error"]


def test_the_description_names_every_route_and_no_other(served):
    described = served.get("")
    assert described["openapi"].startswith("3.1")
    for path, methods in described["paths"].items():
        assert path.startswith("/api/v1/")
        for method, about in methods.items():
            assert about["summary"]
            if method == "post":
                assert about["security"] == [{"token": []}]


def test_risk_is_what_vigil_says(served, reader):
    from hullwatch.vigil import assess
    from hullwatch.vigil.ratingtable import load_table

    got = served.get(f"nodes/{served.node}/risk")
    (chamber,) = assess(reader, START_US + 1_810_000_000)
    assert got["vigil"]["state"] == chamber.state
    assert (got["vigil"]["rating"] is None) == (chamber.rating is None)
    table = load_table()
    assert (got["table"]["name"], got["table"]["version"]) == (table.name, table.version)
    assert got["table"]["cells"][0][4] == table.cells[5, 5]
    assert got["table"]["cells"][4][0] == table.cells[1, 1]


def test_a_search_is_shown_as_it_is_kept_and_another_file_is_told(jar, serving, tmp_path):
    from hullwatch.isolate.layout import layout_of
    from hullwatch.isolate.state import State, StateFile

    search = tmp_path / "search.json"
    client = serving(jar[0], search=search)
    assert client.get("isolation") == {"search": None}
    layout = layout_of(LAYOUT, "test")
    kept = StateFile(search, State(layout))
    assert client.get("isolation")["search"] == kept.state.as_dict()
    kept.take({"step": "close", "at_s": 10.0, "hatch": "H1", "limit_s": 60.0})
    (hatch,) = client.get("isolation")["search"]["hatches"]
    assert (hatch["name"], hatch["open"]) == ("H1", False)
    search.write_text("no state")
    assert client("/api/v1/isolation").status == 422


def test_a_report_of_a_span_is_that_of_the_command(served, reader):
    import capability

    capability.module("jinja2")
    capability.module("matplotlib")
    from hullwatch.assess import Overrides
    from hullwatch.report import page, period, template

    start, past = START_US + 200_000_000, START_US + 800_000_000
    answer = served(
        f"/api/v1/nodes/{served.node}/report?from_utc_us={start}&to_utc_us={past}&format=html"
    )
    assert answer.status == 200, answer.body
    assert answer.headers["content-disposition"].startswith('attachment; filename="hullwatch-')
    made = period.of_period(
        reader, served.node, start, past, template.load(None), None, Overrides(), lambda n: None
    )
    assert answer.body == page.html(made).encode()


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("?record=4711", 404),
        ("?from_utc_us=5&to_utc_us=4", 422),
        ("?format=exe&record=1", 422),
        ("?record=-1", 422),
    ],
)
def test_reports_of_nothing_are_refused(served, query, status):
    assert served(f"/api/v1/nodes/{served.node}/report{query}").status == status


def test_a_report_that_would_take_too_long_is_refused(served, monkeypatch):
    from hullwatch.web import reports

    monkeypatch.setattr(reports, "MOST_SAMPLES", 1000)
    answer = served(
        f"/api/v1/nodes/{served.node}/report?from_utc_us={START_US}&to_utc_us={START_US + 10**9}"
    )
    assert (answer.status, "shorter span" in answer.json["hint"]) == (422, True)

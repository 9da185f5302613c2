"""The logger and a node that restarts, is set anew, changes hands, or loses its sensor."""

import pytest

from hullwatch.errors import Refused
from hullwatch.ingest.dialogue import Dialogue
from hullwatch.link import messages as m
from hullwatch.link.events import Hello
from hullwatch.store import Store

NOW_US = 1_700_000_000_000_000


def test_a_restarted_node_is_a_new_boot_and_the_logger_follows(site):
    again = site()
    logger = again.log()
    again.run(30)
    logger.ask(m.REBOOT, b"", lambda reply: None)
    again.run(30)
    logger.finish()
    assert [key.boot for key in again.boots()] == [1, 2]
    assert [h.number("boot") for h in again.events if isinstance(h, Hello)] == [1, 2]
    for boot in (0, 1):
        raw = again.raw(boot)
        assert raw.sample.tolist() == list(range(len(raw.sample)))
        assert len(raw.sample) > 150
    assert again.summary().gaps == ()


def test_counters_of_the_session_before_a_restart_are_kept(site, noisy):
    again = site()
    port = noisy(again.port, 5, 0.1)
    logger = again.log(port, commit_s=0.25)
    again.run(40)
    port.calm()
    again.run(60)
    before = again.summary()
    assert before.crc_errors + before.malformed > 5
    logger._commit_s = 60.0  # the restart meets frames that wait for their commit
    logger.ask(m.REBOOT, b"", lambda reply: None)
    again.run(30)
    logger.finish()
    after = again.summary()
    assert after.crc_errors >= before.crc_errors
    assert after.malformed >= before.malformed
    assert after.frames > before.frames


def test_settings_come_into_force_with_a_new_boot_and_records_name_them(site):
    changed = site()
    logger = changed.log()
    changed.run(30)
    logger.ask_now(m.CONFIG_STAGE, b"volume_ul=2000000")
    logger.ask_now(m.CONFIG_STAGE, b"period_us=50000")
    logger.ask_now(m.CONFIG_COMMIT)
    changed.run(40)
    logger.finish()
    with changed.store.reader() as reader:
        configs = reader.configs()
        windows = reader.windows()
    assert [c.volume_m3 for c in configs] == pytest.approx([1e-3, 2e-3])
    assert [c.period_us for c in configs] == [100_000, 50_000]
    assert configs[1].generation > configs[0].generation
    by_boot = {c.boot: c for c in configs}
    for window in windows:
        assert window.config == by_boot[window.boot].number
        assert window.leak_rate_pa_m3_s == pytest.approx(
            -window.slope_pa_s * by_boot[window.boot].volume_m3, rel=1e-6
        )
    assert {w.n for w in windows if w.boot == 2 and w.window_s == 10} == {200}


@pytest.mark.parametrize(
    "setting", [b"volume_ul=0", b"wurst=1", b"sensor=bmp999", b"period_us=x", b"", b"\xff=\xfe"]
)
def test_a_refused_setting_changes_nothing_and_says_why(site, setting):
    stubborn = site()
    logger = stubborn.log()
    stubborn.run(2)
    with pytest.raises(Refused) as caught:
        logger.ask_now(m.CONFIG_STAGE, setting)
    assert len(caught.value.message) > 20
    stubborn.run(12)
    logger.finish()
    assert stubborn.summary().boots == 1


def test_another_store_is_refused_unless_it_takes_over(site, tmp_path):
    first = site()
    first.log()
    first.run(30)
    first.logger.finish()
    first.run(2)
    mine = first.store.store_id
    with Store.open(tmp_path / "other.db", NOW_US) as other:
        first.store, kept = other, first.store
        try:
            first.log()
            with pytest.raises(Refused) as caught:
                first.run(10)
            assert f"{mine:x}" in caught.value.message
            assert "--take-over" in caught.value.hint
            with other.reader() as reader:
                assert reader.windows() == []
                assert reader.events() == []
            first.log(take_over=True)
            first.run(60)
            first.logger.finish()
            with other.reader() as reader:
                (event,) = [e for e in reader.events() if e.event == "TAKE_OVER"]
                assert (event.a, event.b) == (other.store_id, mine)
                (boot,) = reader.boots()
                new = reader.raw(boot.key).sample
        finally:
            first.store = kept
    old = first.raw().sample
    assert sorted({*old.tolist(), *new.tolist()}) == list(range(int(new[-1]) + 1))


def test_a_dialogue_that_only_asks_acknowledges_nothing(site):
    asked = site()
    dialogue = Dialogue(asked.port, asked.bench, 99, lambda event: None)
    hello = dialogue.greet()
    while asked.bench.now_s() < 40:
        dialogue.step(0.5)
    assert dialogue.session.frames > 20
    asked.log()
    asked.drain(30)
    assert len(asked.complete().sample) > 600
    assert hello.number("store") == 0


def test_a_nacking_sensor_is_a_recorded_fault_and_the_node_goes_on(site):
    sick = site()
    sick.log()
    sick.run(20)
    sick.bench.world.bus.nack(0x47)
    sick.run(30)
    during = sick.status()
    sick.bench.world.bus.clear(0x47)
    sick.run(30)
    sick.logger.finish()
    assert during["state"] == 1
    assert during["bus_errors"] > 10
    assert sick.status()["state"] == 0
    with sick.store.reader() as reader:
        events = {e.event: e for e in reader.events()}
        windows = reader.windows()
    assert events["SENSOR_FAULT"].a == 5  # EIO
    assert events["SENSOR_FAULT"].severity == "warning"
    gap = events["SENSOR_BACK"].a
    assert 290 <= gap <= 310
    raw = sick.raw()
    missing = sorted(set(range(int(raw.sample[-1]) + 1)) - set(raw.sample.tolist()))
    assert len(missing) == gap
    assert missing == list(range(missing[0], missing[0] + gap))
    (hole,) = sick.summary().gaps
    assert (hole.stream, hole.first, hole.past) == ("raw", missing[0], missing[-1] + 1)
    assert hole.reason
    for window in windows:
        span = set(range(window.first_sample, window.last_sample + 1))
        assert window.n == len(span - set(missing))
        assert ("GAP" in window.flags) == (window.n < len(span))

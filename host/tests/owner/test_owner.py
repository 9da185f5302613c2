"""The owner of a port: a node behind a TCP serial server that comes and goes, and who asks."""

import time

import pytest

from hullwatch.control import requests
from hullwatch.control.client import call
from hullwatch.control.registry import holder_of, holders
from hullwatch.errors import (
    Impostor,
    InputError,
    OwnerGone,
    PortBusy,
    PortLost,
    PortMissing,
    WrongDevice,
)
from hullwatch.store import Reader
from hullwatch.transport.discover import PortInfo


def test_a_lost_line_is_opened_again_and_nothing_is_missing(server, run):
    one = run()
    one.until(lambda: one.samples() > 40)
    before = one.samples()
    server.unplug()
    one.until(lambda: one.noted("trying again for ever"))
    assert one.ask(do=requests.STATUS)["connected"] is False
    with pytest.raises(PortLost):
        one.ask(do=requests.CONFIG_SHOW)
    server.plug()
    one.until(lambda: one.noted("is back"))
    one.until(lambda: one.samples() > before + 80)
    assert one.ask(do=requests.STATUS)["reconnects"] == 1
    one.stop()
    assert one.error is None
    with Reader.open(one.path) as reader:
        (boot,) = reader.boots()
        raw = reader.raw(boot.key)
        assert reader.gaps(boot.key.node) == []
    assert raw.sample.tolist() == list(range(len(raw.sample)))


def test_a_node_that_is_slow_to_answer_after_the_line_is_back_is_waited_for(
    server, run, monkeypatch
):
    monkeypatch.setattr("hullwatch.ingest.dialogue.HELLO_WITHIN_S", 1.0)
    one = run()
    one.until(lambda: one.samples() > 20)
    server.unplug()
    one.until(lambda: one.noted("trying again for ever"))
    server.mute = True
    server.plug()
    one.until(lambda: one.noted("is back"))
    time.sleep(2.5)
    server.mute = False
    before = one.samples()
    one.until(lambda: one.samples() > before + 60)
    one.stop()
    assert one.error is None


def test_what_others_may_ask(server, run):
    one = run()
    one.until(lambda: one.samples() > 10)
    state = one.ask(do=requests.STATUS)
    assert state["connected"] is True
    assert state["boot"] == 1
    assert state["status"]["state"] == 0
    assert one.ask(do=requests.CONFIG_SHOW)["settings"]["gas"] == "air"
    for request in ({"do": "wurst"}, {}, {"do": requests.CONFIG_SET}):
        with pytest.raises(InputError):
            one.ask(**request)
    for settings in ({}, {"gas": "phlogiston"}, {"wurst": "1"}, {"volume_ul": None}):
        with pytest.raises(InputError):
            one.ask(do=requests.CONFIG_SET, settings=settings)
    assert one.ask(do=requests.CONFIG_SET, settings={"gas": "argon"})["written"]
    one.until(lambda: one.noted("boot 2"))
    assert one.ask(do=requests.CONFIG_SHOW)["settings"]["gas"] == "argon"
    samples = one.samples()
    one.until(lambda: one.samples() > samples + 20)


def test_it_is_registered_while_it_runs_and_gone_afterwards(server, run, owners_of):
    one = run()
    one.until(lambda: one.samples() > 0)
    holder = holder_of(server.url)
    assert holder.program == "hullwatch log"
    assert holder.database == str(one.path)
    with pytest.raises(PortBusy, match="hullwatch log"):
        owners_of(one.path, [server.url]).run(lambda: True)
    one.stop()
    assert holders() == []
    with pytest.raises(OwnerGone):
        call(holder.control, {"do": requests.STATUS}, 1)


def test_a_port_nobody_answers_on_at_the_start_is_an_error_and_makes_no_database(
    server, tmp_path, monkeypatch, owners_of
):
    monkeypatch.setattr("hullwatch.ingest.dialogue.HELLO_WITHIN_S", 0.5)
    server.mute = True
    path = tmp_path / "hull.db"
    with pytest.raises(WrongDevice):
        owners_of(path, [server.url]).run(lambda: False)
    server.unplug()
    with pytest.raises(PortMissing):
        owners_of(path, [server.url]).run(lambda: False)
    assert not path.exists()
    assert holders() == []


def test_a_line_that_flaps_costs_nothing(server, run):
    one = run()
    one.until(lambda: one.samples() > 10)
    for _ in range(5):
        server.unplug()
        time.sleep(0.15)
        server.plug()
        time.sleep(0.4)
    before = one.samples()
    one.until(lambda: one.samples() > before + 100)
    one.stop()
    assert one.error is None
    with Reader.open(one.path) as reader:
        (boot,) = reader.boots()
        raw = reader.raw(boot.key)
        assert reader.gaps(boot.key.node) == []
    assert raw.sample.tolist() == list(range(len(raw.sample)))


# --- several nodes --------------------------------------------------------------------------------


def samples_of(path):
    with Reader.open(path) as reader:
        return {row.key.node: row.samples for row in reader.boots()}


def whole(path):
    """Every node's samples from 0 on, none twice, none missing."""
    with Reader.open(path) as reader:
        for boot in reader.boots():
            raw = reader.raw(boot.key)
            assert raw.sample.tolist() == list(range(len(raw.sample)))
            assert reader.gaps(boot.key.node) == []
            assert reader.summary(boot.key.node).conflicts == 0


def test_two_nodes_in_one_logger(server, second, run):
    one = run(server.url, second.url)
    one.until(lambda: one.samples() > 200)
    assert {holder.port for holder in holders()} == {server.url, second.url}
    for node in (server, second):
        assert one.ask(do=requests.STATUS, port=node.url)["node"] == node.uid
    with pytest.raises(PortMissing, match="not logged here"):
        one.ask(do=requests.STATUS)
    server.unplug()
    one.until(lambda: one.noted("trying again for ever"))
    before = samples_of(one.path)[second.uid]
    one.until(lambda: samples_of(one.path)[second.uid] > before + 60)  # the other goes on
    server.plug()
    one.until(lambda: one.noted("is back"))
    before = samples_of(one.path)[server.uid]
    one.until(lambda: samples_of(one.path)[server.uid] > before + 60)
    one.stop()
    assert one.error is None
    whole(one.path)


def test_two_nodes_that_swap_their_ports_keep_their_records(server, second, run, monkeypatch):
    where = {server.uid: server.url, second.uid: second.url}

    def find_port(spec):
        return PortInfo(where[spec], serial_number=spec, vid=0x2E8A, pid=5)

    monkeypatch.setattr("hullwatch.ingest.owner.find_port", find_port)
    one = run(server.uid, second.uid)
    one.until(lambda: one.samples() > 60)
    for node in (server, second):
        node.unplug()
    one.until(lambda: sum("trying again" in note for note in one.notes) == 2)
    server.address, second.address = second.address, server.address
    where.update({server.uid: server.url, second.uid: second.url})
    for node in (server, second):
        node.plug()
    before = samples_of(one.path)
    one.until(
        lambda: all(n > before[node] + 60 for node, n in samples_of(one.path).items()), seconds=40
    )
    assert one.ask(do=requests.STATUS, port=server.url)["node"] == server.uid
    one.stop()
    assert one.error is None
    whole(one.path)


def test_a_node_that_is_not_the_board_on_the_port_is_refused(
    server, tmp_path, monkeypatch, owners_of
):
    path = tmp_path / "hull.db"
    monkeypatch.setattr(
        "hullwatch.ingest.owner.find_port",
        lambda spec: PortInfo(server.url, serial_number="E66138528350B42C", vid=0x2E8A, pid=5),
    )
    with pytest.raises(Impostor, match="but the board on the port is e66138528350b42c"):
        owners_of(path, [None]).run(lambda: False)
    with Reader.open(path) as reader:
        assert reader.nodes() == []


def test_two_nodes_of_one_id_are_not_mixed(server, tmp_path, owners_of, serving):
    twin = serving()
    try:
        with pytest.raises(Impostor, match="so does the one on"):
            owners_of(tmp_path / "hull.db", [server.url, twin.url]).run(lambda: False)
    finally:
        twin.close()


def test_one_port_twice_is_a_mistake(server, tmp_path, owners_of):
    with pytest.raises(InputError, match="twice"):
        owners_of(tmp_path / "hull.db", [server.url, server.url])

"""Learned noise is kept as calibrated: stored, found again, refused when it does not fit."""

import json
import random
import struct

import pytest

from hullcore import settings
from hullcore.messages import CALIBRATE_NOISE
from hullcore.moremessages import CALIBRATE_NOISE_FORMAT, LEARNED_FORMAT
from hullcore.settings import SettingError
from hullnode import noisestore
from hullnode.config import Config
from hullnode.node import Node
from hullnode.twocopies import save
from hullwatch.link import recordkinds

UTC_S = 1_800_000_000
NAMES = [name for name, _, _ in recordkinds.EVENTS]


def node_on(fakes, root, **changes):
    config = Config(str(root))
    for key, value in ({"windows_s": "10,60"} | changes).items():
        config.stage(key, value)
    config.commit()
    board = fakes.Board(str(root))
    board.chip.spread = 4000
    return Node(board, 0), board


def run(node, board, samples):
    end = node.sampler.taken_count + samples
    while node.sampler.taken_count < end:
        board.time.advance(max(1, node.poll()))


def records(node, name):
    found = []
    for number in range(node.spool.oldest, node.spool.next):
        data = node.spool.get(number)
        if not data or struct.unpack_from("<I", data, 8)[0] != node.stamp.boot:
            continue  # a number that an end without a sync left out, or the boot before
        kind = recordkinds.KIND_BY_ID[data[12], data[13]]
        if kind.name == name:
            found.append(kind.unpack(data) | {"number": number})
    return found


def events(node):
    return [(NAMES[e["code"] - 1], e["a"], e["b"], e["c"]) for e in records(node, "EVENT")]


def calibrate(node, utc_s, upto_s=10):
    payload = struct.pack(CALIBRATE_NOISE_FORMAT, utc_s, upto_s)
    status, data = node.command(CALIBRATE_NOISE, payload)
    return status, struct.unpack(LEARNED_FORMAT, data) if not status else data


def test_from_learning_to_a_boot_that_uses_it(fakes, tmp_path):
    node, board = node_on(fakes, tmp_path, noise_profile="learn")
    assert calibrate(node, 0) == (0, (0, 10_000_000 // 6, 0, 0))
    assert calibrate(node, UTC_S) == (0, (0, 10_000_000 // 6, 0, 0)), "nothing is learned yet"
    run(node, board, 1100)
    assert calibrate(node, UTC_S, 60)[1][3] == 0, "not for windows of a minute"
    status, (blocks, block_us, longest_s, stored) = calibrate(node, UTC_S, 10)
    assert (status, blocks, block_us, longest_s, stored) == (0, 66, 1_666_666, 10, 1)
    assert ("NOISE_STORED", UTC_S, 10, 66) in events(node)
    profile = node.pipeline.profiles.learner.row(0)

    again, board = node_on(fakes, tmp_path, noise_profile="calibrated")
    (record,) = records(again, "PROFILE")
    assert (record["source"], record["utc_s"], record["blocks"]) == (1, UTC_S, 66)
    assert (record["white_fpa2s"], record["walk_fpa2_s"]) == profile[4:6]
    assert again.pipeline.stale.limit == record["run"] == profile[10] > 0
    run(again, board, 201)
    window = records(again, "WINDOW")[0]
    assert window["profile"] == record["number"]
    assert settings.U95_KINDS[window["u95_kind"]] == "noise_only_profile"
    assert calibrate(again, UTC_S)[0] == 4, "a node that does not learn has nothing to keep"


@pytest.mark.parametrize(
    "change",
    [
        {"period_us": "200000"},
        {"oversampling": "4"},
        {"compensation": "none"},
    ],
)
def test_it_is_refused_for_other_settings_and_ignored_at_a_boot(fakes, tmp_path, change):
    node, board = node_on(fakes, tmp_path, noise_profile="learn")
    run(node, board, 1100)
    assert calibrate(node, UTC_S)[1][3] == 1
    with pytest.raises(SettingError, match="hullwatch calibrate noise"):
        node_on(fakes, tmp_path, noise_profile="calibrated", **change)
    # a file from elsewhere may still say so
    values = settings.defaults() | {"noise_profile": "calibrated"}
    values |= {k: int(v) if v.isdigit() else v for k, v in change.items()}
    save(str(tmp_path), "config", values)
    other = Node(fakes.Board(str(tmp_path)), 0)
    assert ("NOISE_VOID", 2, 0, 0) in events(other)
    assert other.pipeline.profiles is None
    assert records(other, "PROFILE") == []


def test_a_cold_board_says_so_and_measures_by_scatter(fakes, tmp_path):
    with pytest.raises(SettingError, match="none is calibrated"):
        node_on(fakes, tmp_path, noise_profile="calibrated")
    save(str(tmp_path), "config", settings.defaults() | {"noise_profile": "calibrated"})
    board = fakes.Board(str(tmp_path))
    board.chip.spread = 4000
    node = Node(board, 0)
    assert ("NOISE_VOID", 1, 0, 0) in events(node)
    run(node, board, 201)
    assert settings.U95_KINDS[records(node, "WINDOW")[0]["u95_kind"]] == "noise_only_scatter"


def test_whatever_lies_in_the_file_stops_no_start(fakes, tmp_path):
    key = noisestore.key_of(settings.defaults())
    good = [10, 66, 1_666_666, 10**7, 10**12, 10**9, 10**11, 10**8, -5, 0, 10]
    noisestore.save(str(tmp_path), key, UTC_S, [good])
    assert noisestore.load(str(tmp_path), key) == ([good], UTC_S, 0)
    rng = random.Random(2)
    nasty = [None, -1, 1 << 64, "x", [], 1.5, True]
    for _ in range(60):
        value = json.loads(json.dumps([key, UTC_S, [good]]))
        where = rng.choice([0, 1, 2, 3])
        if where == 3:
            value[2][0][rng.randrange(11)] = rng.choice(nasty[:6])
        else:
            value[where] = rng.choice(nasty)
        save(str(tmp_path), "noise", value)
        rows, utc_s, why = noisestore.load(str(tmp_path), key)
        assert why in (noisestore.OTHER, noisestore.DAMAGED) or rows
        if why:
            assert (rows, utc_s) == ([], 0)
    save(str(tmp_path), "config", settings.defaults() | {"noise_profile": "calibrated"})
    Node(fakes.Board(str(tmp_path)), 0)

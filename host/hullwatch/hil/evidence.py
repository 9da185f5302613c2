"""What a test leaves for somebody who was not there: which node, which bytes, which data."""

from __future__ import annotations

import functools
import platform
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

from hullwatch import __version__
from hullwatch.calibration.standing import State, in_force
from hullwatch.hil.node import Node
from hullwatch.hil.testbench import TestBench
from hullwatch.store import Reader, WindowRow
from hullwatch.store.calibrations import KINDS

_PLOTTED = 600
_FACTS = ("node", "firmware", "core_hash", "raw_hash")


def of_test(bench: TestBench, plots: bool) -> dict[str, Any]:
    """Plain values: the bench, and each node with its data; with what plots are made of."""
    return {
        "bench": bench.name,
        "bench_file": bench.declared.source,
        "bench_sha256": bench.declared.sha256,
        "nodes": [_of_node(node, plots) for node in bench.nodes],
    }


def of_run() -> dict[str, str]:
    """Of the whole run: versions, machine, git revision, time."""
    return {
        "date (UTC)": datetime.now(UTC).isoformat(timespec="seconds"),
        "Hullwatch": __version__,
        "git revision": _git_revision(),
        "Python": sys.version.split()[0],
        "system": platform.platform(),
        "machine": platform.node(),
    }


def properties(notes: dict[str, Any]) -> list[tuple[str, str]]:
    """The same as (name, value) for JUnit XML."""
    found: list[tuple[str, str]] = []
    found += [(key, notes[key]) for key in ("bench", "bench_sha256") if key in notes]
    for node in notes.get("nodes", []):
        found += [(key, node[key]) for key in _FACTS]
        found += [("calibration", told) for told in node["calibrations"]]
    found += [("git_revision", _git_revision())]
    found += [(one["name"], one["told"]) for one in notes.get("measured", [])]
    return found


@functools.cache
def _git_revision() -> str:
    """Of the folder the tests run in, with a + when something there is not committed."""
    try:
        told = [
            subprocess.run(
                ["git", *command], capture_output=True, text=True, timeout=10, check=True
            ).stdout.strip()
            for command in (("rev-parse", "HEAD"), ("status", "--porcelain"))
        ]
    except (OSError, subprocess.SubprocessError):
        return "not in a git repository"
    return told[0] + ("+" if told[1] else "")


def _of_node(node: Node, plots: bool) -> dict[str, Any]:
    """From the database: it knows the node whatever became of the wire."""
    with node.reader() as reader:
        boots = reader.boots()
        if not boots:
            return dict.fromkeys(_FACTS, "") | {"node": "never answered", "calibrations": []}
        last = boots[-1]
        uid = last.key.node
        summary = reader.summary(uid)
        heads = [head for head in reader.chain_heads(uid) if head.stream == "raw"]
        found: dict[str, Any] = {
            "node": uid,
            "firmware": last.firmware or "",
            "core_hash": last.core_hash or "",
            "raw_hash": " ".join(head.chain.hex() for head in heads),
            "database": node.path.name,
            "boots": summary.boots,
            "samples": summary.samples,
            "records": summary.records,
            "gaps": len(summary.gaps),
            "calibrations": _calibrations(reader, uid, round(node.bench.utc_s() * 1e6)),
        }
        return found | (_course(reader, node) if plots else {})


def _calibrations(reader: Reader, uid: str, now_us: int) -> list[str]:
    """In force now, of every kind, or that there is none."""
    told = []
    for kind in KINDS:
        standing = in_force(reader, uid, kind, now_us)
        row = standing.row
        if row is None:
            continue
        ends = f", until {standing.ended}" if standing.ended else ""
        state = "" if standing.state is State.IN_FORCE else f" {standing.state}"
        told.append(f"{kind} {row.value:.6g} ± {2 * row.u:.2g} {row.unit}{state}{ends}")
    return told or ["none: as configured"]


def _course(reader: Reader, node: Node) -> dict[str, Any]:
    """Pressure and leak rates over the time of the last boot, few enough points to draw."""
    boot = reader.boots()[-1].key
    raw = reader.raw(boot)
    every = max(1, len(raw.sample) // _PLOTTED)
    rows = [
        row for row in reader.windows(boot.node) if (row.epoch, row.boot) == (boot.epoch, boot.boot)
    ]
    return {
        "pressure": [
            (raw.due_us[::every] / 1e6).tolist(), (raw.p_q8[::every] / 256).tolist(),
            (raw.t_q16[::every] / 65536).tolist(),
        ],
        "windows": [
            (row.window_s, row.first_device_ms / 1000 + row.window_s / 2, row.leak_rate_pa_m3_s,
             row.u95_pa_m3_s, _truth(node, row))
            for row in _thinned(rows)
        ],
    }  # fmt: skip


def _thinned(rows: list[WindowRow]) -> list[WindowRow]:
    """Of each length at most `_PLOTTED` / 2, evenly."""
    found: list[WindowRow] = []
    for length in sorted({row.window_s for row in rows}):
        own = [row for row in rows if row.window_s == length]
        found += own[:: -(-2 * len(own) // _PLOTTED)]
    return found


def _truth(node: Node, row: WindowRow) -> float | None:
    first_ms = row.first_device_ms
    return node.bench.truth_pa_m3_s(first_ms, first_ms + round(row.window_s * 1000))

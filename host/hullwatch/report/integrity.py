"""Whether what is reported is what was measured: hash of the raw samples, chains, recomputation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from hullwatch.verify import database

if TYPE_CHECKING:
    from hullwatch.store import BootKey, Reader

_COLUMNS = ("sample", "p_q8", "t_q16", "late_us", "aux")
_LAST = (1 << 62) - 1


def raw_hash(
    reader: Reader, spans: list[tuple[BootKey, int, int]], advance: Callable[[int], None]
) -> tuple[str, int]:
    """(SHA-256 in hex, samples) of samples first … past − 1 of boots, in that order.

    Hashed for each boot: its epoch and boot number, then for each sample number, p/256 Pa,
    T/65536 K, lateness in µs and the second sensor's value, all as little-endian 64-bit integers.
    """
    found, samples = hashlib.sha256(), 0
    for boot, first, past in spans:
        found.update(np.array([boot.epoch, boot.boot], "<i8").tobytes())
        for raw in reader.raw_chunks(boot, first, past):
            table = np.stack([getattr(raw, name).astype("<i8") for name in _COLUMNS], axis=1)
            found.update(np.ascontiguousarray(table).tobytes())
            samples += len(raw.sample)
            advance(len(raw.sample))
    return found.hexdigest(), samples


def integrity(
    reader: Reader, node: str, spans: list[tuple[BootKey, int, int]],
    advance: Callable[[int], None],
) -> dict[str, Any]:  # fmt: skip
    """The section of the facts: raw hash, heads of the chains, what `hullwatch verify` says."""
    digest, samples = raw_hash(reader, spans, advance)
    outcome = database.verify(reader, node, advance)
    tallies = {
        "windows": outcome.windows, "profiles": outcome.profiles, "trends": outcome.trends,
    }  # fmt: skip
    return {
        "raw_sha256": digest,
        "raw_samples": samples,
        "chains": [
            {
                "stream": head.stream, "epoch": head.epoch, "boot": head.boot,
                "links": head.links, "head": head.chain.hex(),
            }
            for head in outcome.heads
        ],
        "verify": {
            "ok": not outcome.different,
            "said": outcome.describe() if outcome.different else "",
            "chain_breaks": outcome.broken,
            **{
                name: {
                    "equal": tally.equal, "different": tally.different,
                    "not_verifiable": dict(sorted(tally.not_verifiable.items())),
                }
                for name, tally in tallies.items()
            },
        },
    }  # fmt: skip

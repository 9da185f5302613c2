"""What the store takes and gives: rows of its tables and answers about them.

The fields of `WindowRow`, `EventRow`, `ConfigRow` and `VerdictRow` are the columns of `windows`,
`events`, `configs` and `tests`, in that order.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class BootKey(NamedTuple):
    """One run of one node from start to reset; a wiped node is a new epoch."""

    node: str
    epoch: int
    boot: int


class Stored(Enum):
    """What became of a record or block: true in a condition only when it was new."""

    NEW = "new"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"

    def __bool__(self) -> bool:
        return self is Stored.NEW


@dataclass(frozen=True, slots=True)
class WindowRow:
    """One window. `u95_…` is None when the record carries no interval; sample numbers inclusive.

    `reserve_s` is None when it was not computed and −1 when the upper bound of the loss says never;
    4294967293 s are as long or longer. `trend` is None for a length without one.
    """

    node: str
    epoch: int
    number: int
    boot: int
    device_ms: int
    received_utc_us: int
    window_s: float
    n: int
    first_sample: int | None
    last_sample: int | None
    first_device_ms: int
    leak_rate_pa_m3_s: float
    u95_pa_m3_s: float | None
    u95_kind: str
    slope_pa_s: float
    u95_slope_pa_s: float | None
    uncompensated_slope_pa_s: float
    compensation: str
    pressure_mean_pa: float
    normalised_mean_pa: float
    temperature_mean_k: float
    outside_pressure_pa: float
    pressure_kind: str
    gas: str
    t_ref_k: float
    subwindows: int
    config: int | None
    flags: str
    reserve_s: int | None
    trend: str | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event; what a, b and c mean is said by `EVENTS` in `hullwatch.link.recordkinds`."""

    node: str
    epoch: int
    number: int
    boot: int
    device_ms: int
    received_utc_us: int
    event: str
    severity: str
    a: int
    b: int
    c: int
    text: str


@dataclass(frozen=True, slots=True)
class ConfigRow:
    """One configuration snapshot; `number` is what other records name it by."""

    node: str
    epoch: int
    number: int
    boot: int
    device_ms: int
    received_utc_us: int
    generation: int
    name: str
    sensor: str
    address: int
    oversampling: int
    period_us: int
    pressure_lsb_pa: float
    pressure_kind: str
    compensation: str
    gas: str
    volume_m3: float
    t_ref_k: float
    outside_pressure_pa: float
    windows_s: str


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """Verdict on one part; None where nothing was measured. `recipe` is a record's number.

    `reasons` are names of `hullwatch.link.testnames.REASONS`, separated by commas.
    """

    node: str
    epoch: int
    number: int
    boot: int
    device_ms: int
    received_utc_us: int
    part: str
    attempt: int
    verdict: str
    reasons: str
    ended: str
    recipe: int
    config: int
    profile: int | None
    first_sample: int
    last_sample: int
    n: int
    leak_rate_pa_m3_s: float | None
    guard_pa_m3_s: float | None
    u_a_pa_m3_s: float | None
    u_b_pa_m3_s: float | None
    outgas_pa_m3_s: float
    pressure_mean_pa: float
    temperature_mean_k: float


@dataclass(frozen=True, slots=True)
class ClockFit:
    """Device time against UTC, valid around `ref_ms`.

    UTC of a device time = ``utc_us`` + 1000·(device_ms − ``ref_ms``)·(1 + ``ppm``·1e-6): positive
    ppm is a device clock that runs slow. ``bound_us`` is the error bound at `ref_ms`; it grows by
    ``ppm_bound`` millionths of the distance (a crystal's tolerance where nothing better is known).
    """

    ref_ms: int
    utc_us: int
    ppm: float
    bound_us: int
    ppm_bound: float = 50.0


@dataclass(frozen=True, slots=True)
class LinkCounters:
    """Totals of one session of one node; each call replaces the totals stored before."""

    frames: int = 0
    crc_errors: int = 0
    malformed: int = 0
    duplicates: int = 0
    telemetry_lost: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """Records or samples first … past − 1 that are not in the store.

    ``stream`` is "record" or "raw"; ``boot`` is −1 for records; ``reason`` is empty when nobody
    has stated why, in which case they may still come.
    """

    stream: str
    epoch: int
    boot: int
    first: int
    past: int
    reason: str


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One node the store knows."""

    node: str
    board: str
    first_seen_utc_us: int
    last_seen_utc_us: int


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One row of `records`: the bytes as received and the columns made of them."""

    number: int
    boot: int
    kind: int
    version: int
    device_ms: int
    flags: int
    received_utc_us: int
    data: bytes


@dataclass(frozen=True, slots=True)
class BootRow:
    """One boot; None where only HELLO would have told.

    `samples` counts what is stored, `raw_past` is the number after the last sample of it.
    """

    key: BootKey
    firmware: str | None
    core_hash: str | None
    reset_cause: str | None
    period_us: int | None
    samples: int
    raw_past: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What the store holds of one node. `duplicates` were resent and stored once."""

    node: str
    boots: int
    samples: int
    records: int
    gaps: tuple[Gap, ...]
    duplicates: int
    conflicts: int
    frames: int
    crc_errors: int
    malformed: int
    telemetry_lost: int


@dataclass(frozen=True, slots=True, eq=False)
class RawSamples:
    """Samples of one boot in order of number; all arrays have the same length.

    ``due_us`` is device time in µs since boot at which the sample was due, −1 when the sample
    period of its block is not known; it was taken ``late_us`` later. ``aux`` is the second sensor's
    value (K/65536 of a probe, Pa/256 of a reference chamber), `NO_AUX` where there is none.
    """

    sample: NDArray[np.int64]
    due_us: NDArray[np.int64]
    late_us: NDArray[np.int64]
    p_q8: NDArray[np.int32]
    t_q16: NDArray[np.int32]
    aux: NDArray[np.int32]

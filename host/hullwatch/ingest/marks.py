"""What a host tells a node about its chamber: marks for the trends, noise to be kept."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from hullwatch.control.wire import Message
from hullwatch.errors import InputError
from hullwatch.ingest.dialogue import Dialogue
from hullwatch.link import messages as m

RELEARN, RECOVERED, DECLARE = m.MARKS
_INT63 = 1 << 63


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark for the trends; rate, u and bound in 1e-15 Pa·m³/s, for DECLARE. window_s 0: all."""

    what: int
    window_s: int = 0
    rate: int = 0
    u: int = 0
    bound: int = 0

    def request(self, do: str) -> Message:
        """The mark as a request to the owner of a port."""
        return {"do": do, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Learned:
    """How far a node has learned its noise; `stored` when that was kept as calibrated."""

    blocks: int
    block_us: int
    longest_s: int
    stored: bool


def send_mark(dialogue: Dialogue, mark: Mark) -> None:
    """Tell the node; InputError for what fits no field, Refused when it has no such trend."""
    if not (0 <= mark.window_s < 1 << 32 and abs(mark.rate) < _INT63):
        raise InputError("a window or rate beyond any instrument", "rates are in Pa·m³/s")
    if not (0 <= mark.u < _INT63 and 0 <= mark.bound < _INT63):
        raise InputError("an uncertainty below zero or beyond any instrument", "it is in Pa·m³/s")
    dialogue.ask_now(
        m.TREND_MARK,
        m.TREND_MARK.struct.pack(mark.what, mark.window_s, mark.rate, mark.u, mark.bound),
    )


def calibrate_noise(dialogue: Dialogue, utc_s: int, upto_s: int) -> Learned:
    """Have what was learned stored, if it is enough for windows of `upto_s`; utc_s 0: only ask."""
    data = dialogue.ask_now(m.CALIBRATE_NOISE, m.CALIBRATE_NOISE.struct.pack(utc_s, upto_s))
    blocks, block_us, longest_s, stored = m.LEARNED.struct.unpack(data)
    return Learned(blocks, block_us, longest_s, bool(stored))


def blocks_needed(block_us: int, upto_s: int) -> int:
    """Blocks without a gap after which windows of `upto_s` have a profile.

    The longest lag, a doubled block, has to reach 1.5 windows and to be seen three times.
    """
    lag = 1
    while 2 * lag * block_us < 3 * upto_s * 1_000_000:
        lag *= 2
    return max(8, 4 * lag)

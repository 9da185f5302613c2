"""What a vigil says: frozen, for the command line, the web page and the report alike.

Leak rates are in Pa·m³/s at the node's reference temperature, positive = gas lost; times are UTC in
microseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from hullcore.trendevents import STATES
from hullwatch.errors import InputError

ALARMING: Final = ("RISING", "DOUBLED", "RESURGED")
"""States that are an alarm by themselves."""


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a trend is judged by; the node's own settings where it has a trend of this length.

    ``window_s``: length of the windows; ``learn``: windows of a baseline; ``alarm_days``: one false
    alarm in so long; ``margin_percent``: how much larger than stated σ may be; ``cease_limit``:
    rate below which a leak has ceased, for ``cease_s``, at ``drive_pa`` or more. ``missing_s``:
    longest time without a usable window; ``recheck_s``: longest time in CEASED without a known leak
    recovered, 0: for ever.
    """

    window_s: int = 86_400
    learn: int = 20
    alarm_days: int = 365
    margin_percent: int = 20
    cease_limit_pa_m3_s: float = 1e-6
    cease_s: int = 7 * 86_400
    drive_pa: int = 10_000
    missing_s: int = 3 * 86_400
    recheck_s: int = 0

    def check(self) -> None:
        """InputError for what no trend can be made of."""
        if self.window_s < 1 or self.learn < 2 or not self.cease_limit_pa_m3_s > 0:
            raise InputError("a vigil needs a window, 2 windows to learn, a limit above zero", "")
        if self.cease_s < self.window_s:
            raise InputError(
                f"a proof of {self.cease_s} s is shorter than a window of {self.window_s} s",
                "--cease takes at least one window",
            )


@dataclass(frozen=True, slots=True)
class Call:
    """A change of state, made when the window ended that caused it.

    ``cause``, ``value``, ``threshold``, ``rate``, ``reference`` as `hullcore.trendevents`, leak
    rates in Pa·m³/s; ``words`` says it to people.
    """

    utc_us: int
    old: str
    new: str
    cause: str
    value: int
    threshold: int
    rate_pa_m3_s: float
    reference_pa_m3_s: float
    words: str


@dataclass(frozen=True, slots=True)
class LeakCheck:
    """A known leak that was imposed: whether it was found with its size, and why not."""

    mark: int
    utc_us: int
    recovered: bool
    imposed_pa_m3_s: float
    found_pa_m3_s: float | None
    u95_pa_m3_s: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Doubling:
    """Time in which the rate doubles, from an exponential fit; 95 % interval.

    ``high_s`` None: it may never; ``windows`` of the fit.
    """

    time_s: float
    low_s: float
    high_s: float | None
    windows: int


@dataclass(frozen=True, slots=True)
class Proof:
    """How far a proof of cessation has come: seconds in quiet windows of those asked for."""

    quiet_s: float
    asked_s: float
    highest_pa_m3_s: float
    limit_pa_m3_s: float
    known_leak: bool


@dataclass(frozen=True, slots=True)
class NodeVigil:
    """One node: its state, the newest window that counted, and how it came to it.

    ``masked``: windows left out because of marks; ``ignored``: those the trend could not use;
    ``untimed``: those whose time nobody knows.
    """

    node: str
    criteria: Criteria
    state: str
    since_utc_us: int | None
    rate_pa_m3_s: float | None
    u95_pa_m3_s: float | None
    t_ref_k: float | None
    last_utc_us: int | None
    windows: int
    masked: int
    ignored: int
    untimed: int
    calls: tuple[Call, ...]
    checks: tuple[LeakCheck, ...]
    doubling: Doubling | None
    proof: Proof
    missing: tuple[str, ...]

    @property
    def code(self) -> int:
        """The state as `hullcore.trendevents` counts them."""
        return STATES.index(self.state)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What two independent parties say: ``verdict`` agree, disagree, below, … or empty: no second.

    ``parties`` are nodes, or the node's windows and the host's own fit of the raw samples.
    """

    verdict: str
    parties: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Rating:
    """The cell of the rating table, why this one, and which table in which version."""

    likelihood: int
    consequence: int
    rating: str
    why: str
    table: str
    version: str


@dataclass(frozen=True, slots=True)
class ChamberVigil:
    """One chamber: the worst state of its nodes, and what people need to act on."""

    chamber: str
    state: str
    nodes: tuple[NodeVigil, ...]
    confirmation: Confirmation
    rating: Rating | None
    alarms: tuple[str, ...] = field(default=())

    @property
    def alarm(self) -> bool:
        """Whether anything here asks for people."""
        return bool(self.alarms)

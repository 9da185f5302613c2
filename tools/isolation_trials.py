"""Searches for a leak over random layouts: how often right, how many closings, what is noticed.

Each trial draws a tree of sections, volumes, a leak, and runs `hullwatch.isolate.search` on it.
The gas moves by a model of its own: every section a volume, every hatch a conductance, the leak
proportional to the pressure, solved exactly by eigenvalues (the search thinks in two volumes). A
window's noise is white and random walk, its interval the scatter of six sub-windows, as a node
without a learned profile states it.

    python tools/isolation_trials.py --trials 1000     some minutes
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import click
import numpy as np
import numpy.typing as npt

from hullwatch.isolate.closing import Reading
from hullwatch.isolate.finding import DETERMINED, Finding
from hullwatch.isolate.layout import Hatch, Layout, Section
from hullwatch.isolate.optimum import mean_closings
from hullwatch.isolate.search import NO_LOSS, Search

_Vector = npt.NDArray[np.float64]

START_PA = 101_325.0
SIGMA_PA, WALK_PA2_S, RATE_HZ = 0.2, 1e-3, 10.0
WINDOWS_S = (10.0, 60.0, 600.0)
OFFSET_PA = 50.0  # of each sensor
_EQUALISE_S = 5.0  # through an open hatch
_T5 = 2.5706  # Student's t, 95 %, five degrees of freedom
_POINTS = 8  # a window's slope is fitted through so many


@dataclass(frozen=True)
class Case:
    """One row: ``nodes`` is the share of sections with one, ``drop_pa_s`` how fast the whole falls.

    ``leaky``: hatches that leak when closed, drawn among all, through which the smaller of its
    sections equalises in ``leaky_s`` while the sections beyond stand; ``leaks``: 0, 1 or 2 in
    different sections. ``star``: all sections on one hub.
    """

    name: str
    star: bool = False
    nodes: float = 1.0
    drop_pa_s: tuple[float, float] = (0.003, 0.1)
    leaky: int = 0
    leaky_s: tuple[float, float] = (3.0, 60.0)
    leaks: int = 1
    sections: int = 6


CASES = (
    Case("random trees"),
    Case("stars", star=True),
    Case("random trees, nodes in half of the sections", nodes=0.5),
    Case("random trees, slow leak", drop_pa_s=(0.0003, 0.003)),
    Case("random trees, a hatch leaks much (3 to 60 s)", leaky=1),
    Case("random trees, a hatch leaks little (1 to 60 min)", leaky=1, leaky_s=(60.0, 3600.0)),
    Case("random trees, no leak", leaks=0),
    Case("random trees, two leaks", leaks=2),
)


def random_tree(count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """A labelled tree, all equally likely (Prüfer's sequence)."""
    sequence = rng.integers(0, count, count - 2).tolist()
    degree = [1 + sequence.count(at) for at in range(count)]
    leaves = [at for at in range(count) if degree[at] == 1]
    heapq.heapify(leaves)
    edges = []
    for at in sequence:
        edges.append((heapq.heappop(leaves), at))
        degree[at] -= 1
        if degree[at] == 1:
            heapq.heappush(leaves, at)
    return [*edges, (heapq.heappop(leaves), heapq.heappop(leaves))]


class Gas:
    """Pressures of all sections over time; hatches may be operated at the present."""

    def __init__(self, volumes: _Vector, edges: list[tuple[int, int]], leaks: _Vector,
                 seats: _Vector) -> None:  # fmt: skip
        self._root = np.sqrt(volumes)
        self._edges = edges
        self._leaks = leaks / START_PA  # m3/s: the flow is proportional to the pressure
        smaller = np.array([min(volumes[a], volumes[b]) for a, b in edges])
        self._wide = smaller / _EQUALISE_S
        self._seats = seats
        self._open = np.ones(len(edges), bool)
        self._pieces: list[tuple[float, _Vector, _Vector, _Vector]] = []
        self._solve(0.0, np.full(len(volumes), START_PA))

    def operate(self, t_s: float, hatch: int, opened: bool) -> None:
        """From ``t_s`` on; not before the operation before it."""
        state = self.at(np.array([t_s]))[0]
        self._open[hatch] = opened
        self._solve(t_s, state)

    def _solve(self, t_s: float, state: _Vector) -> None:
        matrix = np.diag(-self._leaks)
        for (a, b), opened, wide, seat in zip(
            self._edges, self._open, self._wide, self._seats, strict=True
        ):
            conductance = wide if opened else seat
            matrix[a, a] -= conductance
            matrix[b, b] -= conductance
            matrix[a, b] += conductance
            matrix[b, a] += conductance
        values, vectors = np.linalg.eigh(matrix / np.outer(self._root, self._root))
        self._pieces.append((t_s, values, vectors, vectors.T @ (self._root * state)))

    def at(self, t_s: _Vector) -> _Vector:
        """Pressures, Pa: a row for each time, within one piece or over several."""
        found = np.empty((len(t_s), len(self._root)))
        starts = [piece[0] for piece in self._pieces]
        which = np.searchsorted(starts, t_s, side="right") - 1
        for number in np.unique(which):
            chosen = which == number
            start_s, values, vectors, amounts = self._pieces[number]
            decayed = np.exp(np.outer(t_s[chosen] - start_s, values)) * amounts
            found[chosen] = decayed @ vectors.T / self._root
        return found


class TrialSite:
    """See `hullwatch.isolate.site.Site`: the gas, noise, and hatches that obey at once."""

    def __init__(self, layout: Layout, gas: Gas, rng: np.random.Generator) -> None:
        self.windows_s: tuple[float, ...] = WINDOWS_S
        self.longest_closed_share = 0.0
        self._layout = layout
        self._gas = gas
        self._rng = rng
        self._now_s = 0.0
        self._hatches = [hatch.name for hatch in layout.hatches]
        self._offset = rng.uniform(-OFFSET_PA, OFFSET_PA, len(layout.sections))
        self._phase = rng.uniform(0.0, 1.0, len(layout.sections))
        self._made: dict[tuple[float, int, int], Reading] = {}

    def now_s(self) -> float:
        """Simulated time."""
        return self._now_s

    def wait(self, until_s: float, why: str) -> None:
        """Time passes."""
        self._now_s = max(self._now_s, until_s)

    def operate(self, hatch: str, opened: bool) -> None:
        """At once."""
        self._gas.operate(self._now_s, self._hatches.index(hatch), opened)

    def readings(self, window_s: float, since_s: float, until_s: float) -> list[Reading]:
        """Windows that are over; the same one comes out the same when asked again."""
        found = []
        for at, section in enumerate(self._layout.sections):
            if not section.node:
                continue
            shift = self._phase[at] * window_s
            first = math.ceil((since_s - shift) / window_s)
            past = math.floor((min(until_s, self._now_s) - shift) / window_s)
            numbers = range(first, past)
            self._make(window_s, at, [n for n in numbers if (window_s, at, n) not in self._made])
            found += [self._made[window_s, at, number] for number in numbers]
        return found

    def _make(self, window_s: float, at: int, numbers: list[int]) -> None:
        """Windows of one section, all at once: most of a trial's time goes here."""
        count = len(numbers)
        if not count:
            return
        starts = (self._phase[at] + np.array(numbers)) * window_s
        within = window_s * (np.arange(_POINTS) + 0.5) / _POINTS
        times = (starts[:, None] + within).ravel()
        course = self._gas.at(times)[:, at].reshape(count, _POINTS)
        centred = within - within.mean()
        slopes = course @ centred / (centred @ centred)
        noise = math.sqrt(
            12.0 * SIGMA_PA**2 / (RATE_HZ * window_s**3) + 1.2 * WALK_PA2_S / window_s
        )
        slopes += noise * self._rng.normal(size=count)
        scatter = noise * np.sqrt(self._rng.chisquare(5, count) / 5.0)
        means = course.mean(axis=1) + self._offset[at] + self._rng.normal(size=count)
        name = self._layout.sections[at].name
        for number, start_s, slope, half, mean in zip(
            numbers, starts.tolist(), slopes.tolist(), (_T5 * scatter).tolist(), means.tolist(),
            strict=True,
        ):  # fmt: skip
            self._made[window_s, at, number] = Reading(
                name, start_s, start_s + window_s, slope, half / 1.96, mean, "noise_only_scatter"
            )


@dataclass(frozen=True)
class Trial:
    """What one search found and what was true."""

    finding: Finding
    layout: Layout
    leaking: frozenset[str]
    leaky: frozenset[str]

    @property
    def right(self) -> bool:
        """A section was named and it is the one that leaks."""
        return self.finding.verdict == DETERMINED and self.leaking == {self.finding.section}


def trial(case: Case, seed: int) -> Trial:
    """One search of that case."""
    rng = np.random.default_rng([seed, CASES.index(case)])
    count = case.sections
    edges = [(0, at) for at in range(1, count)] if case.star else random_tree(count, rng)
    volumes = np.exp(rng.uniform(math.log(5.0), math.log(100.0), count))
    measured = rng.permutation(count)[: max(1, round(case.nodes * count))]
    drop = math.exp(rng.uniform(*np.log(case.drop_pa_s)))
    leaks = np.zeros(count)
    leaking = rng.permutation(count)[: case.leaks]
    if case.leaks:
        leaks[leaking] = drop * volumes.sum() / case.leaks
    seats = np.zeros(len(edges))
    leaky = rng.permutation(len(edges))[: case.leaky]
    for at in leaky:
        smaller = min(volumes[edges[at][0]], volumes[edges[at][1]])
        seats[at] = smaller / math.exp(rng.uniform(*np.log(case.leaky_s)))
    layout = Layout(
        tuple(
            Section(f"s{at}", float(volumes[at]), f"n{at}" if at in measured else "")
            for at in range(count)
        ),
        tuple(Hatch(f"h{at}", (f"s{a}", f"s{b}")) for at, (a, b) in enumerate(edges)),
    )
    site = TrialSite(layout, Gas(volumes, edges, leaks, seats), rng)
    finding = Search(layout, site).run()
    return Trial(
        finding, layout, frozenset(f"s{at}" for at in leaking), frozenset(f"h{at}" for at in leaky)
    )


@dataclass
class Tally:
    """Counts over the trials of a case; closings are means, of the determined ones."""

    trials: int = 0
    determined: int = 0
    right: int = 0
    no_loss: int = 0
    closings: float = 0.0
    optimum: float = 0.0
    overdue: int = 0
    noticed: int = 0
    tested_leaky: int = 0
    blamed: int = 0

    def add(self, one: Trial) -> None:
        """Count a trial."""
        finding = one.finding
        self.trials += 1
        self.determined += finding.verdict == DETERMINED
        self.right += one.right
        self.no_loss += finding.reason.startswith(NO_LOSS)
        self.closings += finding.closings
        self.optimum += mean_closings(one.layout)
        tested = {entry["hatch"] for entry in finding.journal if entry["step"] == "weigh"}
        self.overdue += sum(
            1 for e in finding.journal if e["step"] == "open" and not e["limit_kept"]
        )
        self.tested_leaky += len(one.leaky & tested)
        self.noticed += len(one.leaky & set(finding.untrusted))
        self.blamed += len(set(finding.untrusted) - one.leaky)

    def row(self, name: str) -> str:
        """A line of the table in `docs/isolation.md`."""
        undetermined = self.trials - self.determined - self.no_loss
        cells = (
            name, self.trials, self.determined, self.right, undetermined, self.no_loss,
            f"{self.closings / self.trials:.2f}", f"{self.optimum / self.trials:.2f}",
            f"{self.noticed} of {self.tested_leaky}" if self.tested_leaky else "-", self.blamed,
            self.overdue,
        )  # fmt: skip
        return "| " + " | ".join(str(cell) for cell in cells) + " |"


HEAD = (
    "layouts", "trials", "section named", "right", "not determined", "no loss measurable",
    "mean closings", "optimum", "leaking hatches noticed", "tight ones blamed",
    "kept closed too long",
)  # fmt: skip


def tally(case: Case, trials: int, first_seed: int = 0) -> Tally:
    """All trials of a case."""
    total = Tally()
    for seed in range(first_seed, first_seed + trials):
        total.add(trial(case, seed))
    return total


@click.command()
@click.option("--trials", default=1000, show_default=True, help="Of each case.")
@click.option("--only", default="", help="Cases with this in their name.")
def main(trials: int, only: str) -> None:
    """Print the table of `host/docs/isolation.md`."""
    click.echo("| " + " | ".join(HEAD) + " |")
    click.echo("| " + " | ".join("---" for _ in HEAD) + " |")
    for case in CASES:
        if only in case.name:
            click.echo(tally(case, trials).row(case.name))


if __name__ == "__main__":
    main()

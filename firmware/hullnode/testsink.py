"""Between sampler and pipeline on a node with outputs: the valves see each pressure first."""

from hullcore.estimator import NO_AUX
from hullcore.records import seal


class TestSink:
    """The sampler's sink: valves, then pipeline, then the test that runs on the node.

    `keep` and `hold` are what a sequencer needs of the node.
    """

    def __init__(self, node, valves, pipeline, driver) -> None:
        self._node = node
        self._valves = valves
        self._driver = driver
        self._paired = hasattr(driver, "aux")  # hullnode.pair: two sensors
        self._pipeline = pipeline

    def taken(self, p_q8: int, t_q16: int) -> None:
        """The sample that was due, in time."""
        self._valves.sample(p_q8)
        self._pipeline.taken(p_q8, t_q16)
        self._node.sequencer.sample(p_q8, t_q16, self._driver.aux if self._paired else NO_AUX)

    def late(self, p_q8: int, t_q16: int, late_us: int) -> None:
        """The sample that was due, late."""
        self._valves.sample(p_q8)
        self._pipeline.late(p_q8, t_q16, late_us)
        self._node.sequencer.absent(True)

    def missed(self) -> None:
        """No sample for this number."""
        self._pipeline.missed()
        self._node.sequencer.absent(False)

    def outside(self, p_q8: int) -> None:
        """The sensor is beyond its range: what it says still cuts the outputs."""
        self._valves.sample(p_q8)
        self._pipeline.outside(p_q8)
        self._node.sequencer.absent(False)

    def fault(self, code: int, detail: int) -> None:
        """The sensor stopped delivering."""
        self._pipeline.fault(code, detail)
        self._node.sequencer.blind()

    def recovered(self, missed: int) -> None:
        """The sensor delivers again."""
        self._pipeline.recovered(missed)

    def keep(self, kind: tuple, layout: str, values: tuple) -> int:
        """Append a record of (kind, version); its number."""
        clock = self._node.clock
        stamp = self._node.stamp
        clock.poll()
        number = stamp.number
        head = stamp.head(kind[0], kind[1], clock.wraps, clock.ms, 0)
        self._pipeline.append(seal(head, layout, values))
        return number

    def hold(self, on: bool) -> None:
        """Put off what would disturb a measurement."""
        self._node.flusher.hold = on

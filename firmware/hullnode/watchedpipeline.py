"""A pipeline with a reference chamber that also looks after that chamber's own tightness.

Loaded only where `reference_lag_ms` is declared.
"""

from hullcore.estimator import NO_AUX
from hullcore.moremessages import EVENT_REFERENCE_LEAK
from hullcore.tightness import Tightness
from hullnode.auxpipeline import AuxPipeline


class WatchedPipeline(AuxPipeline):
    """As AuxPipeline; a leak of the reference chamber becomes an event."""

    def __init__(
        self, m, lengths_s: tuple, driver, clock, spool,
        ring, stamp,
    ) -> None:  # fmt: skip
        AuxPipeline.__init__(self, m, lengths_s, driver, clock, spool, ring, stamp)
        self._tightness = Tightness(m, self.plan, self._leaks)
        self._estimate = self._sample_and_watch

    def late(self, p_q8: int, t_q16: int, late_us: int) -> None:
        """The sample that was due, late: raw block of its own, in no window."""
        AuxPipeline.late(self, p_q8, t_q16, late_us)
        self._tightness.missing()

    def missed(self) -> None:
        """No sample for this number."""
        AuxPipeline.missed(self)
        self._tightness.missing()

    def _sample_and_watch(self, p_q8: int, t_q16: int) -> int:
        driver = self._driver
        if driver.aux == NO_AUX:
            self._tightness.missing()
        else:
            self._tightness.sample(driver.aux, driver.second.temperature_q16)
        return self._estimator.sample(p_q8, t_q16, driver.aux)

    def _leaks(self, slope: int, half: int, last: int) -> None:
        self.event(EVENT_REFERENCE_LEAK, slope, half, last, "")

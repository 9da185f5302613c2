"""From sample to record with a second sensor: what the pipeline of one sensor does, and its value.

Loaded only where a second sensor is configured. On a sample that closes no block nothing is
allocated.
"""

from hullcore import estimator
from hullcore.auxblock import AuxPacker
from hullcore.compat import const
from hullcore.estimator import NO_AUX
from hullcore.moremessages import EVENT_AUX, EVENT_AUX_BACK, EVENT_AUX_FAULT
from hullnode.pipeline import Pipeline

_TELL_AFTER = const(10)  # samples in a row without the second value


class AuxPipeline(Pipeline):
    """As Pipeline, for a `hullnode.pair` driver; its `aux` belongs to the sample handed over.

    `aux_missing` counts samples that came without the second value.
    """

    def __init__(
        self, m, lengths_s: tuple, driver, clock, spool,
        ring, stamp,
    ) -> None:  # fmt: skip
        Pipeline.__init__(self, m, lengths_s, driver, clock, spool, ring, stamp)
        self._driver = driver
        packer = AuxPacker(driver.pressure_shift, driver.temperature_shift, driver.aux_shift)
        self._packer = packer
        self._aux_packer = packer
        self._buffer = self._add_both
        self._estimate = self._sample_both
        self._absent = 0
        self.aux_missing = 0

    def _add_both(self, p_q8: int, t_q16: int) -> None:
        aux = self._driver.aux
        packer = self._aux_packer
        if not packer.matches(aux):
            self.flush(0)
        packer.add_aux(p_q8, t_q16, aux)
        if aux == NO_AUX:
            self._without()
        elif self._absent:
            self._again()

    def _sample_both(self, p_q8: int, t_q16: int) -> int:
        return self._estimator.sample(p_q8, t_q16, self._driver.aux)

    def _without(self) -> None:
        self.aux_missing += 1
        self._absent += 1
        if self._absent == _TELL_AFTER:
            driver = self._driver
            self.event(EVENT_AUX_FAULT, driver.code, driver.detail, self.next_number(), "")

    def _again(self) -> None:
        if self._absent >= _TELL_AFTER:
            self.event(EVENT_AUX_BACK, self._absent, self.aux_missing, self.next_number(), "")
        self._absent = 0

    def _verdict(self, verdict: int) -> None:
        Pipeline._verdict(self, verdict)
        if verdict == estimator.BAD_AUX:
            self.event(EVENT_AUX, self._driver.aux, 0, self.next_number() - 1, "")

"""Pairs whose two pressures mean something together only: a difference, or gauge and barometer.

Loaded only where the settings ask for one. Nothing here allocates while both deliver.
"""

from hullcore.compat import const
from hullcore.estimator import NO_AUX
from hullnode.drivers.errors import CHIP_FAULT
from hullnode.pair import PairDriver

_NO_ANSWER = const(5)  # EIO


class DifferencePair(PairDriver):
    """A differential transducer between the chamber and a reference chamber; `aux` is P_ref.

    P_ref = p - d, of the same slot. The noise of p is in both and cancels in y = p * P_0 / P_ref;
    what is left is the transducer's.
    """

    def __init__(self, main, second, ticks_us, period_us: int) -> None:
        PairDriver.__init__(self, main, second, ticks_us, period_us)
        self.aux_shift = min(main.pressure_shift, second.pressure_shift)
        self.aux_lsb = second.pressure_lsb_q8

    def _value(self) -> int:
        """d, and none when it is at an end of the transducer, where it says nothing."""
        second = self.second
        d = second.pressure_q8
        if second.PRESSURE_MIN_PA << 8 <= d <= second.PRESSURE_MAX_PA << 8:
            return d
        self.code = -CHIP_FAULT
        self.detail = d
        return NO_AUX

    def start(self) -> None:
        """Start both; some chips know their resolution only then."""
        PairDriver.start(self)
        self.aux_lsb = self.second.pressure_lsb_q8

    def _done(self) -> None:
        if self.aux != NO_AUX:
            self.aux = self.pressure_q8 - self.aux  # both are there only now
        PairDriver._done(self)


class BarometerPair(PairDriver):
    """A gauge sensor and a barometer: the pressure is absolute, their sum.

    A slot in which the barometer says nothing has no sample: OSError, as if the bus had failed.
    """

    def __init__(self, main, second, ticks_us, period_us: int) -> None:
        PairDriver.__init__(self, main, second, ticks_us, period_us)
        self.pressure_shift = min(main.pressure_shift, second.pressure_shift)
        self.PRESSURE_MIN_PA += second.PRESSURE_MIN_PA
        self.PRESSURE_MAX_PA += second.PRESSURE_MAX_PA

    def _value(self) -> int:
        return self.second.pressure_q8

    def start(self) -> None:
        """Start both; the resolution is that of either, together."""
        PairDriver.start(self)
        self.pressure_lsb_q8 += self.second.pressure_lsb_q8

    def _done(self) -> None:
        outside_q8 = self.aux
        PairDriver._done(self)
        if outside_q8 == NO_AUX:
            raise OSError(self.code if self.code > 0 else _NO_ANSWER)
        self.pressure_q8 += outside_q8

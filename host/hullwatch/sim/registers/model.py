"""What every simulated sensor chip shares: one conversion at a time, and its faults.

Independence: written from the data sheets named in each chip's file and from the
interface of `hullwatch.sim.bus`; no driver of the node was read for it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from hullwatch.sim.bus import I2cDevice, Nack

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

NEVER_US = 1 << 62


class SensorModel(I2cDevice):
    """A chip with a conversion timer, a power-up pause and settable faults.

    front_end gives the physical pressure and temperature. It is asked once per
    conversion, at the first access after the conversion has ended, for the time of the
    trigger: so the times of one chip never step back, those of two chips may, by one
    conversion time. If it gives None, that conversion never completes. A chip that
    converts by itself asks only for the newest conversion that is complete, which the
    later accesses see; one without a reading leaves the data as they are.

    now_us gives the time in microseconds and never steps back.

    conversion_scale stretches every conversion: 1.0 is the typical time of the
    data sheet; see each chip for its maximum.
    """

    SENSOR: ClassVar[str]
    ADDRESS: ClassVar[int]
    CHIP_ID: ClassVar[int]
    PRESSURE_MIN_PA: ClassVar[int]
    PRESSURE_MAX_PA: ClassVar[int]
    # What the pressure is counted from: "abs", "gauge" or "diff". Where it depends on the part,
    # the class has the usual one and the specimen its own.
    kind: str = "abs"
    # What a node's settings must say of the usual specimen.
    SETTINGS: ClassVar[dict[str, object]] = {}

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
    ) -> None:
        self._measure = front_end.measure
        self._now_us = now_us
        self._scale = conversion_scale
        self._frozen = False
        self._stalled = False
        self._refusing = False
        self._converting = False
        self._sample_us = 0
        self._ready_us = NEVER_US
        # Above 0 while conversions follow one another by themselves.
        self._cycle_us = 0
        self._silent_until_us = 0
        # True while anything but plain register access may happen, so that a
        # healthy access outside a conversion pays one test.
        self._attention = False
        self.conversions = 0

    # -- faults -----------------------------------------------------------

    @property
    def refusing(self) -> bool:
        """Whether the chip acknowledges nothing; settable."""
        return self._refusing

    @refusing.setter
    def refusing(self, on: bool) -> None:
        self._refusing = on
        self._attention = True

    def freeze(self, on: bool) -> None:
        """While on, conversions complete on time and repeat the last data."""
        self._frozen = on

    def stall(self, on: bool) -> None:
        """While on, conversions never complete; off lets a running one complete."""
        self._stalled = on

    # -- conversion timer -------------------------------------------------

    def _start(self, duration_us: int) -> bool:
        """Start a conversion; False if one is running and can still complete."""
        now_us = self._now_us()
        if self._converting and self._ready_us != NEVER_US:
            return False
        self._sample_us = now_us
        self._ready_us = now_us + duration_us
        self._converting = True
        self._attention = True
        return True

    def _start_cycle(self, duration_us: int, cycle_us: int) -> None:
        """Convert again and again, every cycle_us, until `_abort`; the first begins now."""
        self._abort()
        self._start(duration_us)
        self._cycle_us = max(cycle_us, duration_us)

    def _abort(self) -> None:
        self._converting = False
        self._ready_us = NEVER_US
        self._cycle_us = 0

    def _pause(self, duration_us: int) -> None:
        """Acknowledge nothing until a reset is over."""
        self._abort()
        self._silent_until_us = self._now_us() + duration_us
        self._attention = True

    def _check_refusal(self) -> None:
        if self._refusing:
            raise Nack

    def _attend(self) -> None:
        """Do what is due: refuse, or complete a conversion. Raises Nack."""
        self._check_refusal()
        now_us = self._now_us()
        if now_us < self._silent_until_us:
            raise Nack
        if self._converting and now_us >= self._ready_us and not self._stalled:
            if self._cycle_us:
                self._finish_cycle(now_us)
            elif self._finish():
                self._converting = False
                self.conversions += 1
            else:
                self._ready_us = NEVER_US
        self._attention = self._converting

    def _finish_cycle(self, now_us: int) -> None:
        """Complete the newest conversion that is due; nobody saw the ones before it."""
        cycle_us = self._cycle_us
        unseen_us = (now_us - self._ready_us) // cycle_us * cycle_us
        self._sample_us += unseen_us
        if self._finish():
            self.conversions += 1
        self._sample_us += cycle_us
        self._ready_us += unseen_us + cycle_us

    def _finish(self) -> bool:
        """Measure and fill the data registers; False if there is no measurement."""
        raise NotImplementedError

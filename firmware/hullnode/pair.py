"""Two sensors behind the face of one driver: triggered in the same slot, collected when ready.

The second is triggered right after the first (0.3 ms at 400 kHz). What it says is `aux`, NO_AUX
when it says nothing in time: the pressure is worth keeping then, but no value is made up. Its
errors never reach the sampler. Nothing here allocates while both deliver.
"""

from hullcore import ticks
from hullcore.compat import const
from hullcore.estimator import NO_AUX
from hullnode.drivers.errors import SensorError

_REPAIR_FIRST = const(10)  # slots without the second sensor before it is started anew,
_REPAIR_EVERY = const(63)  # and then every 64: starting takes milliseconds of a slot


class PairDriver:
    """See `hullnode.drivers` for the interface; `start` may block for both, 42 ms.

    `aux`: the second sensor's value, K/65536 or Pa/256, |aux| < 2^30, or NO_AUX. `absent`: samples
    in a row without it; `code` and `detail` say why, as in SENSOR_FAULT.
    """

    def __init__(self, main, second, ticks_us, period_us: int) -> None:
        self._main = main
        self.second = second
        self._ticks_us = ticks_us
        self._patience_us = period_us - (period_us >> 2)
        self._ready = False
        self._main_busy = self._second_busy = self._begun = False
        self._main_at = self._second_at = self._until = 0
        self.SENSOR = main.SENSOR
        self.PRESSURE_MIN_PA = main.PRESSURE_MIN_PA
        self.PRESSURE_MAX_PA = main.PRESSURE_MAX_PA
        self.oversampling = main.oversampling
        self.aux_oversampling = second.oversampling
        self.pressure_lsb_q8 = main.pressure_lsb_q8
        self.pressure_shift = main.pressure_shift
        self.temperature_shift = main.temperature_shift
        self.pressure_q8 = 0
        self.temperature_q16 = 0
        self.aux = NO_AUX
        self.absent = 0
        self.code = 0
        self.detail = 0

    def _value(self) -> int:
        raise NotImplementedError

    def start(self) -> None:
        """Start both; raises what the first one raises."""
        self._main.start()
        self.pressure_lsb_q8 = self._main.pressure_lsb_q8
        self._start_second()

    def trigger(self) -> int:
        """Start both conversions now; µs until `collect` is worth calling."""
        wait = self._main.trigger()
        now = self._ticks_us()
        self._main_at = ticks.add(now, wait)
        self._main_busy = self._begun = True
        self._second_busy = False
        if self._ready:
            try:
                other = self.second.trigger()
                now = self._ticks_us()
                self._second_at = ticks.add(now, other)
                self._until = ticks.add(now, self._patience_us)
                self._second_busy = True
                if other < wait:
                    wait = other
            except (OSError, SensorError) as error:
                self._note(error)
        return wait

    def collect(self) -> int:
        """0 when the first sensor's sample is ready and the second's, or no longer waited for."""
        now = self._ticks_us()
        wait = 0
        if self._begun:  # not with the trigger: the last sample may still have to be handed on
            self._begun = False
            self.aux = NO_AUX
        if self._main_busy:
            wait = ticks.diff(self._main_at, now)
            if wait <= 0:
                wait = self._collect_main()
        if self._second_busy:
            other = ticks.diff(self._second_at, now)
            if other <= 0:
                other = self._collect_second()
            if self._second_busy:
                wait = min(wait, other) if self._main_busy else self._patient(other, now)
        if not wait:
            self._done()
        return wait

    def _collect_main(self) -> int:
        main = self._main
        wait = main.collect()
        if wait:
            self._main_at = ticks.add(self._ticks_us(), wait)
        else:
            self._main_busy = False
            self.pressure_q8 = main.pressure_q8
            self.temperature_q16 = main.temperature_q16
        return wait

    def _collect_second(self) -> int:
        try:
            wait = self.second.collect()
        except (OSError, SensorError) as error:
            self._second_busy = False
            self._note(error)
            return 0
        if wait:
            self._second_at = ticks.add(self._ticks_us(), wait)
        else:
            self._second_busy = False
            self.aux = self._value()
        return wait

    def _patient(self, wait: int, now: int) -> int:
        """How long the first one's sample waits for the second's: until 3/4 of the period."""
        if ticks.diff(self._until, now) > wait:
            return wait
        self._second_busy = False
        self.code = self.detail = 0
        return 0

    def _done(self) -> None:
        """The first one's sample is safe: time to look after the second."""
        if self.aux != NO_AUX:
            self.absent = 0
            return
        self.absent += 1
        if (self.absent & _REPAIR_EVERY) == _REPAIR_FIRST or (self.absent == 1 and not self._ready):
            self._start_second()

    def _start_second(self) -> None:
        self._ready = False
        try:
            self.second.start()
            self._ready = True
        except (OSError, SensorError) as error:
            self._note(error)

    def _note(self, error: Exception) -> None:
        if isinstance(error, SensorError):
            self._ready = False  # the chip is not as `start` left it
            self.code = -error.code
            self.detail = error.detail
        else:
            self.code = error.args[0] if error.args else 0
            self.detail = 0


class ProbePair(PairDriver):
    """A pressure sensor and a thermometer; `aux` is its temperature."""

    def __init__(self, main, second, ticks_us, period_us: int) -> None:
        PairDriver.__init__(self, main, second, ticks_us, period_us)
        self.aux_shift = second.temperature_shift
        self.aux_lsb = second.temperature_lsb_q16

    def _value(self) -> int:
        return self.second.temperature_q16


class ReferencePair(PairDriver):
    """Pressure sensors of two chambers; `aux` is the pressure of the reference chamber."""

    def __init__(self, main, second, ticks_us, period_us: int) -> None:
        PairDriver.__init__(self, main, second, ticks_us, period_us)
        self.aux_shift = second.pressure_shift
        self.aux_lsb = second.pressure_lsb_q8

    def _value(self) -> int:
        return self.second.pressure_q8

    def start(self) -> None:
        """Start both; some chips know their resolution only then."""
        PairDriver.start(self)
        self.aux_lsb = self.second.pressure_lsb_q8


class Refused:
    """Stands for a second sensor that settings make impossible: every start says why."""

    KIND = ""
    PRESSURE_MIN_PA = PRESSURE_MAX_PA = 0
    temperature_shift = pressure_shift = 0
    temperature_lsb_q16 = pressure_lsb_q8 = 1
    oversampling = 0

    def __init__(self, error: SensorError) -> None:
        self._error = error

    def start(self) -> None:
        """Raises the SensorError of the setting."""
        raise self._error

    def trigger(self) -> int:
        """Never called: it never started."""
        raise self._error

    def collect(self) -> int:
        """Never called: it never started."""
        raise self._error

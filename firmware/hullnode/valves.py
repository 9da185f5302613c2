"""The outputs at work: interlocks, longest times, over-pressure, a sensor that fell silent.

Every fault ends in the one safe state, no output powered, whatever a program wants. Loaded only
where outputs are configured. Nothing here allocates unless it acts.
"""

from hullcore import ticks
from hullcore.compat import const
from hullcore.interlocks import conflict, normally_open
from hullcore.testmessages import EVENT_OUTPUTS_SAFE, EVENT_OVERPRESSURE

OVERPRESSURE = 1
TOO_LONG = 2
SILENT = 3
INTERLOCK = 4
_EVACUATE = const(1)  # hullcore.interlocks: up to here an output lets pressure in or out
_GRACE_MS = const(500)


class Valves:
    """`open_only(mask)` opens the outputs of a mask and closes all others, or refuses.

    `rows` are those of `hullcore.outputs.parse`, `limit_q8` the pressure at which everything is
    cut, `event(code, a, b, c, text)` tells of it. `fault` is 0, or why the outputs were made safe
    last; `powered` the mask of the powered ones.
    """

    def __init__(self, board, rows: tuple, limit_q8: int, period_us: int, event) -> None:
        self._board = board
        self.rows = rows
        self._limit_q8 = limit_q8
        self._again_q8 = limit_q8 - (limit_q8 >> 6)  # 1.6 % below: noise at the limit is no end
        self._silent_ms = 3 * period_us // 1000 + _GRACE_MS
        self._event = event
        self._resting = normally_open(rows)
        self._since = [0] * len(rows)
        self._hold_ms = self._held_ms = 0
        self._seen_ms = board.ticks_ms()
        self.powered = 0
        self.fault = 0
        self.over = False

    def opened(self) -> int:
        """Mask of the outputs that are open."""
        return self.powered ^ self._resting

    def open_only(self, mask: int, hold_ms: int = 0) -> bool:
        """Whether it was done; safe again after `hold_ms`, 0 = whoever opens also closes.

        A mask that breaks an interlock makes all safe instead.

        What closes is closed before anything is opened. After a fault nothing moves until
        `release`, and no supply is opened above the limit.
        """
        if self.fault:
            return False
        if mask >> len(self.rows) or conflict(self.rows, mask) >= 0:
            self.cut(INTERLOCK, mask)
            return False
        if self.over and self._supplies(mask):
            return False
        now = self._board.ticks_ms()
        self._hold_ms = hold_ms
        self._held_ms = now
        wanted = mask ^ self._resting
        for opening in (False, True):
            for k in range(len(self.rows)):
                if bool(mask >> k & 1) == opening:
                    self._power(k, wanted >> k & 1, now)
        return True

    def _supplies(self, mask: int) -> bool:
        rows = self.rows
        return any([mask >> k & 1 and rows[k][2] <= _EVACUATE for k in range(len(rows))])

    def _power(self, k: int, level: int, now: int) -> None:
        if self.powered >> k & 1 == level:
            return
        if level:
            self._since[k] = now
        self.powered ^= 1 << k
        self._board.output(self.rows[k][0], level)

    def safe(self) -> None:
        """No output powered."""
        self._board.outputs_safe()
        self.powered = 0

    def cut(self, fault: int, detail: int) -> None:
        """Safe at once, and until `release`; told as an event."""
        powered = self.powered
        self.safe()
        self.fault = fault
        self._event(EVENT_OUTPUTS_SAFE, fault, detail, powered, "")

    def release(self) -> None:
        """Somebody has seen the fault: outputs may be opened again."""
        self.fault = 0

    def sample(self, p_q8: int) -> None:
        """Every pressure there is, late ones too, before anything else looks at it."""
        self._seen_ms = self._board.ticks_ms()
        if p_q8 >= self._limit_q8:
            if not self.over:
                self.over = True
                self._board.outputs_safe()  # before anything that takes time
                self._event(EVENT_OVERPRESSURE, p_q8, self._limit_q8, self.powered, "")
            if self.powered:
                self.cut(OVERPRESSURE, p_q8)
        elif self.over and p_q8 < self._again_q8:
            self.over = False

    def poll(self) -> None:
        """Look at the times; as often as the node polls."""
        if not self.powered:
            return
        now = self._board.ticks_ms()
        if ticks.diff(now, self._seen_ms) > self._silent_ms:
            self.cut(SILENT, ticks.diff(now, self._seen_ms))
            return
        if self._hold_ms and ticks.diff(now, self._held_ms) >= self._hold_ms:
            self.safe()
            return
        for k in range(len(self.rows)):
            longest = self.rows[k][4]
            if self.powered >> k & 1 and longest:
                if ticks.diff(now, self._since[k]) >= longest:
                    self.cut(TOO_LONG, self.rows[k][0])
                    return

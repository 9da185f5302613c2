"""Messages to their channels: until each is received, later and later after each failure."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hullwatch.alarms.channels import Undelivered

if TYPE_CHECKING:
    from hullwatch.alarms.channels import Channel
    from hullwatch.store.alarmlog import AlarmLog, DeliveryRow

_FIRST_S, _LONGEST_S = 2.0, 300.0
_DOUBLINGS = 8  # by then the wait is the longest


def wait_s(attempts: int) -> float:
    """How long to wait after so many failed attempts."""
    return float(min(_FIRST_S * 2 ** min(attempts, _DOUBLINGS), _LONGEST_S))


class Delivery:
    """Sends what is due. A channel that fails does not hold up the others, nor its own order:
    what it is owed goes out oldest first, and nothing newer before that.
    """

    def __init__(
        self, log: AlarmLog, channels: list[Channel], now_us: Callable[[], int] | None = None
    ) -> None:
        self._log = log
        self._channels = {channel.name: channel for channel in channels}
        self._now_us = now_us or (lambda: time.time_ns() // 1000)

    def step(self) -> list[tuple[DeliveryRow, str]]:
        """Try everything that is due once; returns it with the error, empty when it was taken."""
        tried: list[tuple[DeliveryRow, str]] = []
        stuck: set[str] = set()
        for delivery in self._log.due(self._now_us()):
            if delivery.channel in stuck:
                continue
            error = self._try(delivery)
            if error:
                stuck.add(delivery.channel)
                next_us = self._now_us() + round(wait_s(delivery.attempts) * 1e6)
                self._log.failed(delivery, next_us, error)
            else:
                self._log.sent(delivery, self._now_us())
            tried.append((delivery, error))
        return tried

    def _try(self, delivery: DeliveryRow) -> str:
        channel = self._channels.get(delivery.channel)
        if channel is None:
            return "the alarm file has no channel of this name"
        try:
            channel.send(delivery.body)
        except Undelivered as error:
            return str(error)
        return ""

"""What a host may ask of a node, beyond acks: time, settings, restart, take-over."""

import struct

from hullcore.compat import const
from hullcore.messages import (
    CONFIG_COMMIT,
    CONFIG_GET,
    CONFIG_STAGE,
    PING,
    PONG_FORMAT,
    REBOOT,
    TAKE_OVER,
)
from hullnode.config import text_of

_DONE = const(0)
_UNKNOWN = const(1)
_MALFORMED = const(2)
_NO_SETTING = const(3)
_REFUSED = const(4)
_CONTRADICT = const(5)
_NOT_WRITTEN = const(6)


class Commands:
    """Answers one command: `run(message, payload)` gives (status, data).

    `restart` is set when the node has to restart after its answer has gone out.
    """

    def __init__(self, config, clock, owner, ticks_us) -> None:
        self._config = config
        self._clock = clock
        self._owner = owner
        self._ticks_us = ticks_us
        self.restart = False

    def run(self, message: int, payload: bytes) -> tuple:
        """(0, data) when done, else (refusal code, reason as text)."""
        if message == PING:
            self._clock.poll()
            return _DONE, struct.pack(
                PONG_FORMAT, self._clock.wraps, self._clock.ms, self._ticks_us() % 1000
            )
        if message == CONFIG_GET:
            return self._get(payload)
        if message == CONFIG_STAGE:
            return self._stage(payload)
        if message == CONFIG_COMMIT:
            return self._commit()
        if message == REBOOT:
            self.restart = True
            return _DONE, b""
        if message == TAKE_OVER:
            store = struct.unpack("<Q", payload)[0] if len(payload) == 8 else 0
            if not 0 < store < 1 << 63:  # the event that tells of it holds 63 bits
                return _MALFORMED, b"store id expected"
            self._owner.take_over(store)
            return _DONE, b""
        return _UNKNOWN, b"no such command"

    def _get(self, payload: bytes) -> tuple:
        keys = self._config.keys
        if len(payload) != 1 or payload[0] >= len(keys):
            return _NO_SETTING, b"settings: " + str(len(keys)).encode()
        key = keys[payload[0]]
        return _DONE, (key + "=" + text_of(self._config.values[key])).encode()

    def _stage(self, payload: bytes) -> tuple:
        from hullcore.settings import SettingError  # loaded anew with the table

        try:
            key, text = payload.decode().split("=", 1)
        except (ValueError, UnicodeError):
            return _MALFORMED, b"key=value expected"
        try:
            self._config.stage(key, text)
        except SettingError as error:
            return _REFUSED, str(error).encode()[:160]
        return _DONE, b""

    def _commit(self) -> tuple:
        from hullcore.settings import SettingError

        try:
            self._config.commit()
        except SettingError as error:
            self._config.forget()
            return _CONTRADICT, str(error).encode()[:160]
        except OSError as error:
            return _NOT_WRITTEN, str(error).encode()[:160]
        self.restart = True
        return _DONE, b""

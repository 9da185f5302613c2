"""What a host seldom asks of a node: settings, restart, take-over, marks and calibrations.

`hullnode.unload` forgets it. Acks are the link's, PING is the node's own.
"""

import struct

from hullcore.compat import const
from hullcore.messages import (
    CALIBRATE_NOISE,
    CONFIG_COMMIT,
    CONFIG_GET,
    CONFIG_STAGE,
    REBOOT,
    TAKE_OVER,
    TREND_MARK,
)
from hullcore.settings import SettingError
from hullnode.configfile import text_of

_DONE = const(0)
_UNKNOWN = const(1)
_MALFORMED = const(2)
_NO_SETTING = const(3)
_REFUSED = const(4)
_CONTRADICT = const(5)
_NOT_WRITTEN = const(6)
_NO_TEST = const(9)
_ABOUT_TESTS = const(48)  # hullcore.testmessages


def run(node, message: int, payload: bytes) -> tuple:
    """(0, data) when done, else (refusal code, reason as text); may set `node.leaving`."""
    if message == CONFIG_GET:
        return _get(node.config, payload)
    if message == CONFIG_STAGE:
        return _stage(node.config, payload)
    if message == CONFIG_COMMIT:
        return _commit(node)
    if message == REBOOT:
        node.leaving = True
        return _DONE, b""
    if message == TAKE_OVER:
        store = struct.unpack("<Q", payload)[0] if len(payload) == 8 else 0
        if not 0 < store < 1 << 63:  # the event that tells of it holds 63 bits
            return _MALFORMED, b"store id expected"
        node.owner.take_over(store)
        return _DONE, b""
    if message == TREND_MARK or message == CALIBRATE_NOISE:
        from hullnode import asked

        return asked.answer(node.pipeline, message, payload)
    known = message >= _ABOUT_TESTS
    return (_NO_TEST, b"no outputs are configured") if known else (_UNKNOWN, b"no such command")


def _get(config, payload: bytes) -> tuple:
    keys = config.keys
    if len(payload) != 1 or payload[0] >= len(keys):
        return _NO_SETTING, b"settings: " + str(len(keys)).encode()
    key = keys[payload[0]]
    return _DONE, (key + "=" + text_of(config.values[key])).encode()


def _stage(config, payload: bytes) -> tuple:
    try:
        key, text = payload.decode().split("=", 1)
    except (ValueError, UnicodeError):
        return _MALFORMED, b"key=value expected"
    try:
        config.stage(key, text)
    except SettingError as error:
        return _REFUSED, str(error).encode()[:160]
    return _DONE, b""


def _commit(node) -> tuple:
    try:
        node.config.commit()
    except SettingError as error:
        node.config.forget()
        return _CONTRADICT, str(error).encode()[:160]
    except OSError as error:
        return _NOT_WRITTEN, str(error).encode()[:160]
    node.leaving = True
    return _DONE, b""

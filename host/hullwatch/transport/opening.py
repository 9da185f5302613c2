"""One way to open any port: by path or URL."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from hullwatch.errors import InputError, PortBusy
from hullwatch.transport.port import WRITE_TIMEOUT_S, Port
from hullwatch.transport.rfc2217port import Rfc2217Port
from hullwatch.transport.serialport import BAUD, SerialPort
from hullwatch.transport.tcpport import TcpPort


def open_port(url_or_path: str, baud: int = BAUD, write_timeout_s: float = WRITE_TIMEOUT_S) -> Port:
    """Open a tty path, `socket://HOST:PORT` or `rfc2217://HOST:PORT`.

    Raises PortMissing, PortBusy (names the holder where it can), PortDenied, InputError. The
    caller claims the port in the registry first: only that covers two URLs of one machine.
    """
    if "://" not in url_or_path:
        return SerialPort.open(url_or_path, baud, write_timeout_s)
    scheme, host, port = _url_parts(url_or_path)
    if scheme == "socket":
        return TcpPort.open(url_or_path, host, port, write_timeout_s)
    return Rfc2217Port.open(url_or_path)


def open_patiently(url_or_path: str, within_s: float = 2.0) -> Port:
    """The same for a board that has just come: others may try its port for a moment.

    ModemManager does. PortBusy only when that lasts.
    """
    deadline_s = time.monotonic() + within_s
    while True:
        try:
            return open_port(url_or_path)
        except PortBusy:
            if time.monotonic() > deadline_s:
                raise
        time.sleep(0.05)


def _url_parts(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL; InputError when one is missing or unknown."""
    hint = "give socket://HOST:PORT or rfc2217://HOST:PORT"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError(f"{url}: {error}", hint) from error
    if parts.scheme not in ("socket", "rfc2217"):
        raise InputError(f"{url}: unknown kind of port {parts.scheme}://", hint)
    if not parts.hostname or port is None:
        raise InputError(f"{url}: host or port number is missing", hint)
    return parts.scheme, parts.hostname, port

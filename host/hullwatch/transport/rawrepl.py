"""The raw REPL of a MicroPython board, through mpremote's library.

mpremote's classes stay in here: they print, wait for ever, and let whatever pyserial or `struct`
raise escape. Out of here come errors of Hullwatch only.
"""

from __future__ import annotations

import ast
import contextlib
import io
import struct
import time
from collections.abc import Callable, Iterator
from types import TracebackType

from mpremote.transport import TransportError as MpremoteError
from mpremote.transport_serial import SerialTransport

from hullwatch.errors import HullwatchError, PortLost, WrongDevice
from hullwatch.transport.opening import open_patiently

_READ_S = 5.0
"""Longest silence inside one exchange; an erase of the flash lasts up to 0.15 s."""
_ENTER_S = 4
_PROBE = "#" * 600
"""Nothing to do, but several of the board's windows long: whoever is there takes code now."""

_LONG_S = 120
"""Longest time one command may run on the board without a word."""

_OPEN_S = 2.0
"""How long to try when somebody else opens the port just then."""

_START_MAIN = b"\r\x03\x02\x04"
"""Interrupt, friendly REPL, soft reset: from there main.py runs."""

_GONE = "the board went away (unplugged or reset) while it was spoken to"


class CommandFailed(HullwatchError):
    """Code that was sent to the board ended in an exception; `kind` is its class."""

    exit_code = 18

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.kind, _, self.detail = message.partition(": ")


class RawRepl:
    """Runs code on the board at one port, from construction to `close`; also a context manager.

    Whatever program runs is interrupted as by Ctrl-C: a Hullwatch node leaves with safe outputs
    and without its watchdog. No soft reset: it would let a running program's pins as they are and
    skip main.py all the same. Raises what `open_port` raises; WrongDevice where no MicroPython
    answers.
    """

    def __init__(self, device: str) -> None:
        self.device = device
        self._lost = False
        self._transport = self._opened(time.monotonic() + _OPEN_S)
        try:
            self._enter()
        except BaseException:
            self._let_run()
            self.close()
            raise

    def _opened(self, deadline_s: float) -> SerialTransport:
        """mpremote's own opening gives up at once; between ours and its own others may try."""
        while True:
            open_patiently(self.device).close()  # tells better than mpremote who is in the way
            try:
                with self._told():
                    return SerialTransport(self.device, timeout=_READ_S)
            except PortLost:
                self._lost = False
                if time.monotonic() > deadline_s:
                    raise

    def _enter(self) -> None:
        """Interrupt and enter; a board that is just starting may not hear the first time."""
        for last in (False, False, True):
            try:
                with self._told(), contextlib.redirect_stdout(io.StringIO()):  # it prints faults
                    self._transport.enter_raw_repl(soft_reset=False, timeout_overall=_ENTER_S)
                    self._transport.exec_raw(_PROBE, timeout=_ENTER_S)
                return
            except PortLost as error:
                self._lost = False
                if last:
                    raise WrongDevice(
                        f"no MicroPython answers on {self.device}",
                        "hullwatch flash --uf2 FILE puts it on a board in BOOTSEL mode",
                    ) from error

    def run(self, code: str, on_text: Callable[[str], None] | None = None) -> None:
        """Run statements; `on_text` gets each line they print.

        Raises CommandFailed with the last line of the traceback, PortLost.
        """
        printed = _Lines(on_text) if on_text else None
        with self._told():
            _, err = self._transport.exec_raw(code, timeout=_LONG_S, data_consumer=printed)
        if err:
            raise _failed(err.decode("utf-8", "replace"))

    def value(self, expression: str) -> object:
        """The value of an expression that a Python literal can say. CommandFailed, PortLost."""
        with self._told():
            out, err = self._transport.exec_raw(f"print(repr({expression}))", timeout=_LONG_S)
        if err:
            raise _failed(err.decode("utf-8", "replace"))
        with self._told():
            found: object = ast.literal_eval(out.decode().strip())
        return found

    def reset(self) -> None:
        """Reset the chip, as power does: main.py runs. A soft reset from here would skip it."""
        self._leave("import machine\nmachine.reset()")

    def bootloader(self) -> None:
        """Restart the chip into its ROM's USB loader, where it is a disk for UF2 files."""
        self._leave("import machine\nmachine.bootloader()")

    def _leave(self, code: str) -> None:
        """Run what ends the REPL; where nothing was understood any more, let main.py run."""
        if self._lost:
            self._let_run()
            return
        with contextlib.suppress(PortLost), self._told():
            self._transport.exec_raw_no_follow(code)

    def _let_run(self) -> None:
        """Blindly out of whatever REPL it is and on: a board must not be left waiting in one.

        Does nothing where the port is gone; a node that runs again by itself starts once more.
        """
        with contextlib.suppress(PortLost), self._told():
            self._transport.serial.write(_START_MAIN)

    def friendly(self) -> None:
        """Leave the raw REPL for the one that people type in."""
        with self._told():
            self._transport.exit_raw_repl()

    def close(self) -> None:
        """Give the port back; the board stays where it is."""
        with contextlib.suppress(OSError):
            self._transport.close()
        self._transport.serial.close()  # also where the port knows no RTS and DTR

    def __enter__(self) -> RawRepl:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what mpremote and pyserial raise into errors that say something."""
        try:
            yield
        except (MpremoteError, OSError, struct.error, TypeError) as error:  # TypeError: closed fd
            self._lost = True
            raise PortLost(
                f"{self.device}: {_GONE}", "plug it in and run the command again"
            ) from error
        except (SyntaxError, ValueError) as error:  # an answer that was cut short or garbled
            raise PortLost(f"{self.device}: its answer was garbled", "try again") from error


class _Lines:
    """Collects single bytes to lines for a listener."""

    def __init__(self, listener: Callable[[str], None]) -> None:
        self._listener = listener
        self._line = bytearray()

    def __call__(self, data: bytes) -> None:
        self._line += data.replace(b"\r", b"").replace(b"\x04", b"")
        while b"\n" in self._line:
            line, _, rest = bytes(self._line).partition(b"\n")
            self._line = bytearray(rest)
            self._listener(line.decode("utf-8", "replace"))


def _failed(traceback: str) -> CommandFailed:
    lines = [line for line in traceback.splitlines() if line.strip()]
    return CommandFailed(lines[-1].strip() if lines else "an exception without a name")

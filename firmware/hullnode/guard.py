"""Runs the node and decides what an exception, Ctrl-C or a watchdog reset leads to.

The crash count lives in a register that survives resets but not power loss: no flash write per
boot. It is cleared after ten quiet minutes. Beside it lies the note that the flash cannot be
written.
"""

import sys

from hullcore import ticks
from hullcore.compat import const
from hullcore.messages import EVENT_CRASH, EVENT_LEFT, EVENT_SAFE_MODE
from hullnode.node import Node

_MAX_CRASHES = const(3)
_QUIET_MS = const(600000)
_WATCHDOG_RESET = const(3)
_LEFT = const(0x100)  # in the register: the last run ended by Ctrl-C
_ASKED = const(0x200)  # the last reset was asked for
_WAS_SAFE = const(0x400)  # the last run ended in safe mode
_NO_FLASH = const(0x800)  # hullnode.start.NO_FLASH
_COUNT = const(0xFF)
_CRASH_LOG = "crash.txt"


def run(board) -> None:
    """Run until Ctrl-C (returns) or a restart (does not return on a board)."""
    register = board.scratch_get()
    crashes = register & _COUNT
    # a soft reset leaves the cause of the last hard one: after Ctrl-C it says nothing new
    if board.reset_cause == _WATCHDOG_RESET and not register & (_ASKED | _LEFT | _WAS_SAFE):
        crashes += 1
        _keep(board, "watchdog reset")
    if crashes >= _MAX_CRASHES:
        board.scratch_set(_WAS_SAFE)
        _safe_mode(board, crashes)
        return
    board.scratch_set(crashes | register & _NO_FLASH)
    try:
        _live(board, crashes, register)
    except KeyboardInterrupt:
        board.scratch_set(_kept(board) | _LEFT)
        print("hullwatch: left to the REPL; Ctrl-D starts the node again")
        return
    except Exception as error:
        board.scratch_set(_kept(board) + 1 | _ASKED)
        _log_crash(board, error)
        board.restart()
        return
    board.scratch_set(_kept(board) | _ASKED)
    board.restart()


def _kept(board) -> int:
    """The count, which the loop clears after the quiet time, and whether the flash failed."""
    return board.scratch_get() & (_COUNT | _NO_FLASH)


def _live(board, crashes: int, register: int) -> None:
    """One life of the node; outputs are safe and the records on the flash however it ends."""
    node: "Node | None" = None
    try:
        node = Node(board, crashes)
        _loop(board, node, crashes, register)
    finally:
        _leave(board)
        if node is not None:
            node.stop()
            if node.spool.failed:  # the next run does without
                board.scratch_set(board.scratch_get() | _NO_FLASH)


def _loop(board, node, crashes: int, register: int) -> None:
    if register & _LEFT:
        node.pipeline.event(EVENT_LEFT, 0, 0, 0, "")
    if register & _WAS_SAFE:
        node.pipeline.event(EVENT_SAFE_MODE, 0, 0, 0, _last_crash(board))
    if crashes:
        node.pipeline.event(EVENT_CRASH, crashes, 0, 0, _last_crash(board))
    watchdog_ms = node.config.values["watchdog_ms"]
    if watchdog_ms:
        board.watchdog_arm(watchdog_ms)
    started = node.clock.ms
    while not node.restart:
        wait = node.poll()
        if node.round:
            node.round = False
            if watchdog_ms and node.healthy():
                board.watchdog_feed()
            if crashes and ticks.diff(node.clock.ms, started) > _QUIET_MS:
                crashes = 0
                board.scratch_set(board.scratch_get() & _NO_FLASH)
        if wait > 0 and board.idle(wait):
            node.wake()


def _leave(board) -> None:
    while True:
        try:
            board.outputs_safe()
            board.watchdog_disarm()
            return
        except KeyboardInterrupt:
            pass  # some tools send Ctrl-C twice: the second must not end this


def _safe_mode(board, crashes: int) -> None:
    _leave(board)
    print("hullwatch: safe mode after %d crashes; Ctrl-D tries again" % crashes)
    print(_last_crash(board))


def _log_crash(board, error: Exception) -> None:
    sys.print_exception(error)
    _keep(board, "%s: %s" % (type(error).__name__, error), error)


def _keep(board, line: str, error: "Exception | None" = None) -> None:
    """Write what happened to the crash log: one line, and the traceback if there is one."""
    try:
        with open(board.root + "/" + _CRASH_LOG, "w") as f:
            f.write(line + "\n")
            if error:
                sys.print_exception(error, f)
    except OSError:
        pass  # an exception is on the console


def _last_crash(board) -> str:
    try:
        with open(board.root + "/" + _CRASH_LOG) as f:
            return f.readline().strip()
    except (OSError, UnicodeError):  # none, or a power cut in the middle of it
        return ""

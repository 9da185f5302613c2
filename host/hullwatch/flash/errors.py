"""What can go wrong between the sources and a node's file system."""

from __future__ import annotations

from hullwatch.errors import HullwatchError, InputError


class BuildError(HullwatchError):
    """The firmware cannot be built: no compiler, no such board, a source it refuses."""

    exit_code = 41


class FlashError(HullwatchError):
    """The board was not brought to the new firmware; what runs on it is said in the message."""

    exit_code = 43


class WrongMicroPython(FlashError):
    """The MicroPython on the board cannot run this build; nothing was changed."""

    exit_code = 44


class NoRoom(FlashError):
    """The board's file system has no room for the update; nothing was changed."""

    exit_code = 45


class RecordsHeld(FlashError):
    """The board holds records that no database has and that the update could not keep."""

    exit_code = 46


class TestRunning(FlashError):
    """A test is running on the node; nothing was changed."""

    exit_code = 47
    __test__ = False  # a name that pytest would collect


class NotStarted(FlashError):
    """The new firmware is on the board, but the node does not answer as it should."""

    exit_code = 48


class WrongImage(InputError):
    """A UF2 file that is damaged or for another chip; nothing was written."""

    exit_code = 54


class NoVolume(FlashError):
    """No board in BOOTSEL mode is mounted, or it went away before all was written."""

    exit_code = 49

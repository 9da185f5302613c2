"""What can go wrong, as the person at the keyboard sees it.

    HullwatchError          exit code 1
    ├── InputError          exit code 2: a value or file that was given cannot be used
    ├── ProtocolError       exit code 5: bytes from the node that are not what the protocol says
    │   ├── VersionMismatch exit code 30: firmware and host speak different protocol versions
    │   ├── WrongDevice     exit code 31: something else than a Hullwatch node is on the port
    │   ├── Refused         exit code 32: the node refused a command and said why
    │   └── Unanswered      exit code 33: the node did not answer in time
    └── StoreError          exit code 6: the database cannot be used
        ├── ForeignDatabase exit code 20: the file belongs to another program
        ├── NewerSchema     exit code 21: written by a newer Hullwatch
        ├── StoreLocked     exit code 22: another program is writing
        ├── DiskFull        exit code 23: no space left for the database
        └── CorruptDatabase exit code 24: the file is damaged
"""


class HullwatchError(Exception):
    """A failure told in one line, with a hint what to do about it.

    ``message`` says what is wrong, ``hint`` what to try next (may be empty).
    ``exit_code`` is what the command line returns for this class.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(HullwatchError):
    """A value, option or file given by the user cannot be used; nothing was changed."""

    exit_code = 2


class ProtocolError(HullwatchError):
    """Bytes that passed their CRC but break the layouts of the message table."""

    exit_code = 5


class StoreError(HullwatchError):
    """The database cannot be used; what it held before is unchanged."""

    exit_code = 6


class ForeignDatabase(StoreError):
    """The file is not a Hullwatch database; it was not touched."""

    exit_code = 20


class NewerSchema(StoreError):
    """The database was written by a newer version; it was not touched."""

    exit_code = 21


class StoreLocked(StoreError):
    """Another process is writing to the database."""

    exit_code = 22


class DiskFull(StoreError):
    """No space left; the transaction was rolled back."""

    exit_code = 23


class CorruptDatabase(StoreError):
    """SQLite finds the file damaged or cut short."""

    exit_code = 24


class VersionMismatch(ProtocolError):
    """Firmware and host speak different protocol versions; nothing was exchanged."""

    exit_code = 30


class WrongDevice(ProtocolError):
    """Whatever is on the port, it is not a Hullwatch node."""

    exit_code = 31


class Refused(ProtocolError):
    """The node refused a command; the message is its reason."""

    exit_code = 32


class Unanswered(ProtocolError):
    """The node did not answer within the retries."""

    exit_code = 33

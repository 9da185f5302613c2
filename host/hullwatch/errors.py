"""What can go wrong, as the person at the keyboard sees it.

HullwatchError          exit code 1
├── InputError          exit code 2: a value or file that was given cannot be used
│   ├── UnknownSensor   exit code 50: no such sensor id
│   ├── MalformedReplay exit code 51: a recording breaks its format; the line is named
│   ├── AbsurdValue     exit code 52: a number that no instrument or chamber can have
│   └── BadRecipe       exit code 53: a test recipe breaks its language or must not be; with line
├── MissingCapability   exit code 40: an optional part is not installed on this machine
├── TransportError      exit code 3: the way to the node
│   ├── PortMissing     exit code 10: no such port, or nothing behind it
│   ├── PortBusy        exit code 11: another program holds the port
│   ├── PortDenied      exit code 12: this user may not open the port
│   ├── PortLost        exit code 13: the port went away while it was open
│   ├── WriteStalled    exit code 14: the node does not read what is sent to it
│   └── PortAmbiguous   exit code 15: several ports fit
├── ControlError        exit code 7: the way to the program that holds the port
│   ├── OwnerGone       exit code 16: that program is not there, or ended before it answered
│   └── OwnerSilent     exit code 17: that program did not answer in time
├── ProtocolError       exit code 5: bytes from the node that are not what the protocol says
│   ├── VersionMismatch exit code 30: firmware and host speak different protocol versions
│   ├── WrongDevice     exit code 31: something else than a Hullwatch node is on the port
│   │   └── Impostor    exit code 34: a node that is not who it says it is
│   ├── Refused         exit code 32: the node refused a command and said why
│   └── Unanswered      exit code 33: the node did not answer in time
├── CalibrationError    exit code 9: what a result needs is not calibrated
│   ├── CalibrationMissing  exit code 65: there is no such calibration
│   └── CalibrationExpired  exit code 66: it was valid once
├── AddressTaken        exit code 19: the network address to serve at is taken
├── NotTold             exit code 67: a channel did not take a message
├── NotDetermined       exit code 60: a search for a leak ended without naming a section
├── VerificationError   exit code 8: a stored result is not what its stored samples give
└── StoreError          exit code 6: the database cannot be used
    ├── ForeignDatabase exit code 20: the file belongs to another program
    ├── NewerSchema     exit code 21: written by a newer Hullwatch
    ├── StoreLocked     exit code 22: another program is writing
    ├── DiskFull        exit code 23: no space left for the database
    ├── CorruptDatabase exit code 24: the file is damaged
    └── Unwritable      exit code 25: no database can be made or written there
"""

FLASH_HINT = "hullwatch flash puts this version's firmware on the board"
"""For a board whose firmware is missing or of another version."""


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


class TransportError(HullwatchError):
    """The node cannot be reached through this port."""

    exit_code = 3


class PortMissing(TransportError):
    """There is no such port, or nothing answers at it."""

    exit_code = 10


class PortBusy(TransportError):
    """Another program holds the port; the message names it where that can be found out."""

    exit_code = 11


class PortDenied(TransportError):
    """This user may not open the port."""

    exit_code = 12


class PortLost(TransportError):
    """The port went away while it was open; it may come back."""

    exit_code = 13


class WriteStalled(TransportError):
    """The node did not take what was sent in time; a part of it may have been taken."""

    exit_code = 14


class PortAmbiguous(TransportError):
    """Several ports fit what was asked for; none was opened."""

    exit_code = 15


class ControlError(HullwatchError):
    """Programs on this machine cannot talk about who holds a port."""

    exit_code = 7


class OwnerGone(ControlError):
    """Nobody listens on the control socket, or who did ended before the answer."""

    exit_code = 16


class OwnerSilent(ControlError):
    """The owner of the port did not answer in time; the request may still be carried out."""

    exit_code = 17


class UnknownSensor(InputError):
    """No sensor has this id."""

    exit_code = 50


class MalformedReplay(InputError):
    """A recording breaks its format; the message names the line."""

    exit_code = 51


class AbsurdValue(InputError):
    """A number outside what any instrument or chamber can have."""

    exit_code = 52


class BadRecipe(InputError):
    """A test recipe breaks its language or asks for what must not be; the line is named."""

    exit_code = 53


class MissingCapability(HullwatchError):
    """Something optional that this command needs is not installed or not possible here."""

    exit_code = 40


class AddressTaken(HullwatchError):
    """Another program listens at the address that was to be served at."""

    exit_code = 19


class NotTold(HullwatchError):
    """A channel did not take a message."""

    exit_code = 67


class NotDetermined(HullwatchError):
    """The question has no answer at the confidence asked for; the message says why."""

    exit_code = 60


class ProtocolError(HullwatchError):
    """Bytes that passed their CRC but break the layouts of the message table."""

    exit_code = 5


class CalibrationError(HullwatchError):
    """A result needs a calibration that is not in force."""

    exit_code = 9


class CalibrationMissing(CalibrationError):
    """There is no calibration of this kind."""

    exit_code = 65


class CalibrationExpired(CalibrationError):
    """The newest calibration of this kind is no longer valid."""

    exit_code = 66


class VerificationError(HullwatchError):
    """What is stored contradicts itself; the message names the first place."""

    exit_code = 8


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


class Impostor(WrongDevice):
    """A node under the id of another; nothing of it was stored."""

    exit_code = 34


class Refused(ProtocolError):
    """The node refused a command; the message is its reason."""

    exit_code = 32


class Unanswered(ProtocolError):
    """The node did not answer within the retries."""

    exit_code = 33


class Unwritable(StoreError):
    """No database can be made or written at this path."""

    exit_code = 25

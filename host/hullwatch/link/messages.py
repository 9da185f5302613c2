"""The one table of everything that crosses the wire or is kept as a record.

Ids, layouts, units and delivery class of each message and record kind stand here and nowhere
else: `tools/gen_messages.py` generates the node's module (`hullcore/messages.py`) and the wire
page of the documentation from it, and the decoders of the host read it directly.

Conventions: little-endian, no padding; `Field.code` is a `struct` code. A device time is the
pair (wraps, ms): milliseconds since boot = wraps·2^30 + ms. A pressure in `_q8` is in 1/256 Pa, a
temperature in `_q16` in 1/65536 K. A message may end in `tail` bytes of variable length.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from hullwatch.link.fields import Field, f

PROTOCOL_VERSION = 1
"""Bumped whenever an id, a layout or a delivery promise changes; HELLO carries it."""

TO_HOST = "node → host"
TO_NODE = "host → node"


@dataclass(frozen=True)
class Message:
    """One frame type: id, direction, delivery class (design: four classes) and fields."""

    name: str
    id: int
    direction: str
    delivery: str
    doc: str
    fields: tuple[Field, ...]
    tail: str = ""
    since: int = 1
    struct: struct.Struct = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "struct", struct.Struct(self.format))

    @property
    def format(self) -> str:
        """`struct` format of the fixed part, little-endian."""
        return "<" + "".join(x.code for x in self.fields)

    def unpack(self, payload: bytes) -> dict[str, object]:
        """Field values by name; raises `struct.error` when the payload is too short."""
        return dict(
            zip((x.name for x in self.fields), self.struct.unpack_from(payload), strict=True)
        )

    def tail_of(self, payload: bytes) -> bytes:
        """The variable-length end of a payload."""
        return payload[self.struct.size :]


FRAME_HEADER = Message(
    "HEADER", 0, "both", "-", "in front of every payload; a CRC-32 of header + payload follows it",
    (
        f("id", "B", "", "message id, tables below"),
        f("session", "H", "", "chosen by the host in WHO; frames of another session are ignored"),
        f("seq", "H", "", "frame number within the session, one count per direction"),
    ),
)  # fmt: skip

HELLO = Message(
    "HELLO", 1, TO_HOST, "command/response", "answer to WHO: who the node is and what it holds",
    (
        f("protocol", "H", "", "wire protocol version"),
        f("fw_major", "B"), f("fw_minor", "B"), f("fw_patch", "B"),
        f("reset_cause", "B", "", "1 power-on, 2 hard reset, 3 watchdog, 4 software reset, 5 soft reset"),
        f("capabilities", "I", "", "bit set, see CAPABILITIES"),
        f("uid", "8s", "", "unique id of the board (flash id, also its USB serial)"),
        f("core_hash", "32s", "", "SHA-256 over the files on the node (hullwatch.flash.build)"),
        f("boot", "I", "", "boot counter"),
        f("epoch", "I", "", "spool epoch: a new one whenever the spool starts empty"),
        f("oldest_record", "I", "", "oldest record number still held"),
        f("next_record", "I", "", "number the next record will get"),
        f("raw_boot", "I", "", "boot of the oldest raw block held"),
        f("oldest_raw", "Q", "", "its first sample number"),
        f("store", "Q", "", "id of the store that last acked, 0 = none"),
        f("config", "I", "", "record number of the configuration snapshot in force"),
        f("period_us", "I", "µs", "sample period"),
        f("wraps", "H", "2^30 ms"), f("ms", "I", "ms", "device time of this answer"),
        f("board", "12s", "", "board name, zero padded"),
    ),
)  # fmt: skip

RECORD = Message(
    "RECORD", 2, TO_HOST, "record", "one spooled record of RECORD_BYTES, its own CRC included",
    (), tail="the record, layouts below",
)  # fmt: skip

RAW = Message(
    "RAW", 3, TO_HOST, "raw block", "consecutive samples: first values, then differences from them",
    (
        f("boot", "I", "", "boot counter"),
        f("config", "I", "", "record number of the configuration snapshot in force"),
        f("first", "Q", "", "sample number of the first sample; sample k of a boot is due at k periods"),
        f("wraps", "H", "2^30 ms"), f("ms", "I", "ms", "device time at which the first sample was due"),
        f("late_us", "I", "µs", "lateness of a late sample (blocks of one), else 0"),
        f("count", "B", "", "samples in the block"),
        f("p_width", "B", "bytes", "bytes per pressure difference: 0, 1, 2 or 4"),
        f("p_shift", "B", "", "differences of pressure are in 2^p_shift / 256 Pa"),
        f("t_width", "B", "bytes", "bytes per temperature difference"),
        f("t_shift", "B", "", "differences of temperature are in 2^t_shift / 65536 K; bit 7: the block "
          "has a third column, RAW_AUX"),
        f("p_q8", "i", "Pa/256", "first pressure"),
        f("t_q16", "i", "K/65536", "first temperature"),
        f("gap", "I", "", "sample numbers just before `first` for which no sample was taken"),
    ),
    tail="(count − 1) signed pressure differences, (count − 1) signed temperature differences, and "
    "RAW_AUX where bit 7 of t_shift is set",
)  # fmt: skip

RAW_HAS_AUX = 0x80
"""Bit of RAW.t_shift: what RAW_AUX describes follows. Without it, no second sensor was read."""

RAW_AUX = Message(
    "RAW_AUX", 0, TO_HOST, "-", "third column of a raw block: what the second sensor said",
    (
        f("width", "B", "bytes", "bytes per difference: 0, 1, 2 or 4"),
        f("shift", "B", "", "differences are in 2^shift units"),
        f("aux", "i", "", "first value: K/65536 of a probe, Pa/256 of a reference chamber"),
    ),
    tail="(count − 1) signed differences",
)  # fmt: skip

STATUS = Message(
    "STATUS", 4, TO_HOST, "telemetry", "health once a second while a host listens",
    (
        f("number", "I", "", "running number of STATUS frames in this boot: gaps count lost telemetry"),
        f("wraps", "H", "2^30 ms"), f("ms", "I", "ms", "device time"),
        f("next_sample", "Q", "", "sample number that is due next"),
        f("p_q8", "i", "Pa/256", "latest pressure"), f("t_q16", "i", "K/65536", "latest temperature"),
        f("state", "B", "", "0 measuring, 1 sensor fault, 2 idle (no sensor), 3 safe mode"),
        f("late", "I", "", "samples taken late"), f("missed", "I", "", "samples not taken"),
        f("bus_errors", "I"), f("rx_bad", "I", "", "frames dropped by the node"),
        f("oldest_record", "I"), f("next_record", "I"),
        f("raw_boot", "I", "", "boot of the oldest raw block held"),
        f("oldest_raw", "Q", "", "its first sample number"),
        f("records_dropped", "I", "", "records overwritten before any ack"),
        f("raw_dropped", "I", "", "raw blocks overwritten before any ack"),
        f("heap_free", "I", "bytes"), f("collect_us", "I", "µs", "longest garbage collection so far"),
        f("loop_us", "I", "µs", "longest loop since the last STATUS"),
    ),
)  # fmt: skip

REPLY = Message(
    "REPLY", 5, TO_HOST, "command/response", "answer to a command; repeated from cache for a repeat",
    (
        f("command", "B", "", "id of the command answered"),
        f("command_seq", "H", "", "its frame number"),
        f("status", "B", "", "0 done, else a REFUSAL code"),
    ),
    tail="data of the answer, or the reason as text",
)  # fmt: skip

WHO = Message(
    "WHO", 32, TO_NODE, "command/response", "opens a session; the node answers HELLO",
    (
        f("protocol", "H", "", "protocol version of the host"),
        f("session", "H", "", "new session number, not 0"),
    ),
)  # fmt: skip

ACK = Message(
    "ACK", 33, TO_NODE, "telemetry", "credit and durable acknowledgement; also the keep-alive",
    (
        f("heard", "H", "", "frame number of the newest frame heard: frees the bytes in flight"),
        f("flags", "B", "", "bit 0: what follows is committed, else not looked at; bit 1: a frame was "
          "lost, send again from the oldest uncommitted"),
        f("epoch", "I"), f("record_next", "I", "", "all records below this number are committed"),
        f("boot", "I"), f("raw_next", "Q", "", "all raw blocks of that boot below this sample are committed"),
        f("store", "Q", "", "id of the store that committed them"),
    ),
)  # fmt: skip

PING = Message(
    "PING", 34, TO_NODE, "command/response", "asks for the device time; answer: PONG data", (),
)  # fmt: skip
CONFIG_GET = Message(
    "CONFIG_GET", 35, TO_NODE, "command/response", "asks for one setting; answer: key=value",
    (f("index", "B", "", "0 … number of settings − 1"),),
)  # fmt: skip
CONFIG_STAGE = Message(
    "CONFIG_STAGE", 36, TO_NODE, "command/response", "checks one setting and holds it for the commit",
    (), tail="key=value, UTF-8",
)  # fmt: skip
CONFIG_COMMIT = Message(
    "CONFIG_COMMIT", 37, TO_NODE, "command/response",
    "checks the staged settings together, writes them; in force after the restart it announces", (),
)  # fmt: skip
REBOOT = Message("REBOOT", 38, TO_NODE, "command/response", "restarts the node", ())
TAKE_OVER = Message(
    "TAKE_OVER", 39, TO_NODE, "command/response", "makes another store the one whose acks count",
    (f("store", "Q", "", "id of the new store"),),
)  # fmt: skip
TREND_MARK = Message(
    "TREND_MARK", 40, TO_NODE, "command/response", "tells the trend what it cannot see",
    (
        f("what", "B", "", "see MARKS"),
        f("window_s", "I", "s", "window length meant, 0 = all that have a trend"),
        f("rate", "q", "1e-15 Pa·m³/s", "declare: the known rate"),
        f("u", "q", "1e-15 Pa·m³/s", "declare: its standard uncertainty"),
        f("systematic", "q", "1e-15 Pa·m³/s", "declare: bound of what noise does not explain"),
    ),
)  # fmt: skip
CALIBRATE_NOISE = Message(
    "CALIBRATE_NOISE", 41, TO_NODE, "command/response",
    "stores the noise learned so far as calibrated, if it is enough; answer: LEARNED data",
    (
        f("utc_s", "Q", "s", "UTC now; 0: store nothing, only say how far it is"),
        f("upto_s", "I", "s", "longest window that has to have a profile"),
    ),
)  # fmt: skip

MARKS = {
    1: "relearn: the chamber was opened, filled or repaired",
    2: "recovered: a known leak was imposed and found with its size",
    3: "declare: compare with a known rate",
}
"""TREND_MARK.what."""

TEST_LOAD = Message(
    "TEST_LOAD", 48, TO_NODE, "command/response",
    "checks a recipe against the configuration and keeps it until the next; answer: its CRC-32, u32",
    (), tail="body of a RECIPE record",
)  # fmt: skip
TEST_START = Message(
    "TEST_START", 49, TO_NODE, "command/response",
    "starts the loaded recipe; it runs to its end without a host; answer: test number, u32",
    (
        f("recipe", "I", "", "CRC-32 of the recipe that is meant"),
        f("attempt", "B", "", "1 for a first test of the part"),
    ),
    tail="part id, 1 to 32 bytes of UTF-8",
)  # fmt: skip
TEST_ABORT = Message(
    "TEST_ABORT", 50, TO_NODE, "command/response",
    "ends a running test by venting; acknowledges a fault of the outputs", (),
)  # fmt: skip
TEST_STATE = Message(
    "TEST_STATE", 51, TO_NODE, "command/response", "asks how far a test is; answer: TEST_PROGRESS", (),
)  # fmt: skip

TEST_OUTPUTS = Message(
    "TEST_OUTPUTS", 52, TO_NODE, "command/response",
    "opens these outputs and closes the others while no test runs; a bench moves its valves with it",
    (
        f("mask", "B", "", "bit k: output k is open"),
        f("hold_ms", "I", "ms", "then none is powered any more, whatever became of the host"),
    ),
)  # fmt: skip

MESSAGES = (
    HELLO, RECORD, RAW, STATUS, REPLY,
    WHO, ACK, PING, CONFIG_GET, CONFIG_STAGE, CONFIG_COMMIT, REBOOT, TAKE_OVER,
    TREND_MARK, CALIBRATE_NOISE,
    TEST_LOAD, TEST_START, TEST_ABORT, TEST_STATE, TEST_OUTPUTS,
)  # fmt: skip
BY_ID = {m.id: m for m in MESSAGES}

PONG = Message(
    "PONG", 0, TO_HOST, "-", "data of the answer to PING",
    (f("wraps", "H", "2^30 ms"), f("ms", "I", "ms", "device time"), f("us", "H", "µs", "within the ms")),
)  # fmt: skip
LEARNED = Message(
    "LEARNED", 0, TO_HOST, "-", "data of the answer to CALIBRATE_NOISE",
    (
        f("blocks", "I", "", "blocks learned from so far"),
        f("block_us", "I", "µs", "length of a block"),
        f("longest_s", "I", "s", "longest window that has a profile, 0 = none"),
        f("stored", "B", "", "1: stored as calibrated"),
    ),
)  # fmt: skip

TEST_PROGRESS = Message(
    "TEST_PROGRESS", 0, TO_HOST, "-", "data of the answer to TEST_STATE",
    (
        f("recipe", "I", "", "CRC-32 of the loaded recipe, 0 = none"),
        f("number", "I", "", "test number of this boot, 0 = none yet"),
        f("phase", "B", "", "index into hullwatch.link.testnames.PHASES"),
        f("verdict", "B", "", "index into hullwatch.link.testnames.VERDICTS; 255 = none yet"),
        f("reasons", "I", "", "bit set, see hullwatch.link.testnames.REASONS"),
        f("elapsed_ms", "I", "ms", "since the phase began"),
        f("planned_ms", "I", "ms", "longest duration of the phase"),
        f("p_q8", "i", "Pa/256", "latest pressure"),
        f("rate_fpa_m3_s", "q", "1e-15 Pa·m³/s", "as in the TEST record"),
        f("guard_fpa_m3_s", "q", "1e-15 Pa·m³/s", "as in the TEST record; −1 none"),
        f("record", "I", "", "number of the TEST record, NO_RECORD = none yet"),
        f("opened", "B", "", "bit k: output k is open"),
        f("fault", "B", "", "why the outputs were made safe, see OUTPUTS_SAFE; 0 = no fault"),
    ),
)  # fmt: skip

REFUSALS = {
    1: "unknown command",
    2: "malformed command",
    3: "unknown setting",
    4: "value refused",
    5: "settings contradict",
    6: "could not be written",
    7: "another store holds this node",
    8: "protocol version differs",
    9: "test refused",
}
"""Status codes of REPLY; the text of the tail says more."""

CAPABILITIES = {0: "flash spool", 1: "outputs", 2: "test programs"}
"""Bits of HELLO.capabilities."""

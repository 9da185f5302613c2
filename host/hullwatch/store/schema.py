"""Tables of the database, as an append-only list of migrations.

`PRAGMA application_id` marks a file as ours, `PRAGMA user_version` is the number of migrations
it has had. A migration that was ever released is never edited; a new one is appended.

Identity of things: a spool is (node, epoch), because a wiped node counts records and boots from
the start again; a boot is (node, epoch, boot); a record is (node, epoch, number); a sample is
(node, epoch, boot, sample number). `node` is the board's unique id in hexadecimal.

Times `_utc_us` are microseconds since 1970 UTC on the host's clock; `device_ms` is milliseconds
since the node's boot. Ranges run from `first` to before `past`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

APPLICATION_ID = 0x48754C57
"""ASCII "HuLW", big-endian, bytes 68…71 of the file."""

_FIRST = (
    """CREATE TABLE identity (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        store_id INTEGER NOT NULL,
        created_utc_us INTEGER NOT NULL
    )""",
    """CREATE TABLE nodes (
        node TEXT PRIMARY KEY,
        board TEXT NOT NULL,
        first_seen_utc_us INTEGER NOT NULL,
        last_seen_utc_us INTEGER NOT NULL
    )""",
    # record_next: lowest number that is neither stored nor stated as a hole
    """CREATE TABLE spools (
        node TEXT NOT NULL REFERENCES nodes (node),
        epoch INTEGER NOT NULL,
        record_next INTEGER NOT NULL DEFAULT 0,
        records INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (node, epoch)
    )""",
    # columns that HELLO fills are NULL for a boot known only from what it spooled
    """CREATE TABLE boots (
        node TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        first_seen_utc_us INTEGER,
        firmware TEXT,
        protocol INTEGER,
        core_hash TEXT,
        reset_cause TEXT,
        capabilities INTEGER,
        period_us INTEGER,
        raw_next INTEGER NOT NULL DEFAULT 0,
        raw_past INTEGER NOT NULL DEFAULT 0,
        samples INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (node, epoch, boot),
        FOREIGN KEY (node, epoch) REFERENCES spools (node, epoch)
    )""",
    """CREATE TABLE records (
        node TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        number INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        version INTEGER NOT NULL,
        device_ms INTEGER NOT NULL,
        flags INTEGER NOT NULL,
        received_utc_us INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (node, epoch, number),
        FOREIGN KEY (node, epoch, boot) REFERENCES boots (node, epoch, boot)
    ) WITHOUT ROWID""",
    """CREATE TABLE windows (
        node TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        number INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        device_ms INTEGER NOT NULL,
        received_utc_us INTEGER NOT NULL,
        window_s REAL NOT NULL,
        n INTEGER NOT NULL,
        first_sample INTEGER,
        last_sample INTEGER,
        first_device_ms INTEGER NOT NULL,
        leak_rate_pa_m3_s REAL NOT NULL,
        u95_pa_m3_s REAL,
        u95_kind TEXT NOT NULL,
        slope_pa_s REAL NOT NULL,
        u95_slope_pa_s REAL,
        uncompensated_slope_pa_s REAL NOT NULL,
        compensation TEXT NOT NULL,
        pressure_mean_pa REAL NOT NULL,
        normalised_mean_pa REAL NOT NULL,
        temperature_mean_k REAL NOT NULL,
        outside_pressure_pa REAL NOT NULL,
        pressure_kind TEXT NOT NULL,
        gas TEXT NOT NULL,
        t_ref_k REAL NOT NULL,
        subwindows INTEGER NOT NULL,
        config INTEGER,
        flags TEXT NOT NULL,
        PRIMARY KEY (node, epoch, number),
        FOREIGN KEY (node, epoch, number) REFERENCES records (node, epoch, number)
    ) WITHOUT ROWID""",
    "CREATE INDEX windows_by_length ON windows (node, epoch, window_s, number)",
    """CREATE TABLE events (
        node TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        number INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        device_ms INTEGER NOT NULL,
        received_utc_us INTEGER NOT NULL,
        event TEXT NOT NULL,
        severity TEXT NOT NULL,
        a INTEGER NOT NULL,
        b INTEGER NOT NULL,
        c INTEGER NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (node, epoch, number),
        FOREIGN KEY (node, epoch, number) REFERENCES records (node, epoch, number)
    ) WITHOUT ROWID""",
    """CREATE TABLE configs (
        node TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        number INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        device_ms INTEGER NOT NULL,
        received_utc_us INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        name TEXT NOT NULL,
        sensor TEXT NOT NULL,
        address INTEGER NOT NULL,
        oversampling INTEGER NOT NULL,
        period_us INTEGER NOT NULL,
        pressure_lsb_pa REAL NOT NULL,
        pressure_kind TEXT NOT NULL,
        compensation TEXT NOT NULL,
        gas TEXT NOT NULL,
        volume_m3 REAL NOT NULL,
        t_ref_k REAL NOT NULL,
        outside_pressure_pa REAL NOT NULL,
        windows_s TEXT NOT NULL,
        PRIMARY KEY (node, epoch, number),
        FOREIGN KEY (node, epoch, number) REFERENCES records (node, epoch, number)
    ) WITHOUT ROWID""",
    # codec: how `data` is encoded, see hullwatch.store.rawcodec
    """CREATE TABLE raw_blocks (
        node TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        first INTEGER NOT NULL,
        past INTEGER NOT NULL,
        codec INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (node, epoch, boot, first),
        FOREIGN KEY (node, epoch, boot) REFERENCES boots (node, epoch, boot)
    ) WITHOUT ROWID""",
    # ranges that will never come: boot is −1 for records, whose numbers do not depend on it
    """CREATE TABLE stated_holes (
        node TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        stream TEXT NOT NULL CHECK (stream IN ('record', 'raw')),
        first INTEGER NOT NULL,
        past INTEGER NOT NULL CHECK (past > first),
        reason TEXT NOT NULL,
        PRIMARY KEY (node, epoch, boot, stream, first),
        FOREIGN KEY (node, epoch) REFERENCES spools (node, epoch)
    ) WITHOUT ROWID""",
    # same key, other bytes: the first to come stays, the other is kept here
    """CREATE TABLE conflicts (
        node TEXT NOT NULL REFERENCES nodes (node),
        epoch INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        stream TEXT NOT NULL CHECK (stream IN ('record', 'raw')),
        first INTEGER NOT NULL,
        data BLOB NOT NULL,
        PRIMARY KEY (node, epoch, boot, stream, first, data)
    ) WITHOUT ROWID""",
    # UTC of a device time = utc_us + 1000·(device_ms − ref_ms)·(1 + ppm·1e-6)
    """CREATE TABLE clock_fits (
        node TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        ref_ms INTEGER NOT NULL,
        utc_us INTEGER NOT NULL,
        ppm REAL NOT NULL,
        bound_us INTEGER NOT NULL,
        ppm_bound REAL NOT NULL,
        PRIMARY KEY (node, epoch, boot, ref_ms),
        FOREIGN KEY (node, epoch, boot) REFERENCES boots (node, epoch, boot)
    ) WITHOUT ROWID""",
    """CREATE TABLE sessions (
        node TEXT NOT NULL REFERENCES nodes (node),
        started_utc_us INTEGER NOT NULL,
        updated_utc_us INTEGER NOT NULL,
        frames INTEGER NOT NULL,
        crc_errors INTEGER NOT NULL,
        malformed INTEGER NOT NULL,
        duplicates INTEGER NOT NULL,
        telemetry_lost INTEGER NOT NULL,
        PRIMARY KEY (node, started_utc_us)
    ) WITHOUT ROWID""",
)

# Hash chains (hullwatch.store.chain), blocks packed into spans (rawcodec), levels for plots.
_CHAINED = (
    # link, chain: place in the chain of the spool and its value there; NULL in older rows
    "ALTER TABLE records ADD COLUMN link INTEGER",
    "ALTER TABLE records ADD COLUMN chain BLOB",
    "ALTER TABLE spools ADD COLUMN record_links INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE spools ADD COLUMN record_chain BLOB",
    # raw_packed: samples below are in spans, or will stay as received
    "ALTER TABLE boots ADD COLUMN raw_links INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE boots ADD COLUMN raw_chain BLOB",
    "ALTER TABLE boots ADD COLUMN raw_packed INTEGER NOT NULL DEFAULT 0",
    # made anew, so that what is small stands before `data`. blocks: how many; link: the first
    # one's, the others follow; chain: the value after the last one
    """CREATE TABLE raw_rows (
        node TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        first INTEGER NOT NULL,
        past INTEGER NOT NULL,
        codec INTEGER NOT NULL,
        blocks INTEGER NOT NULL,
        link INTEGER,
        chain BLOB,
        data BLOB NOT NULL,
        PRIMARY KEY (node, epoch, boot, first),
        FOREIGN KEY (node, epoch, boot) REFERENCES boots (node, epoch, boot)
    ) WITHOUT ROWID""",
    """INSERT INTO raw_rows
        SELECT node, epoch, boot, first, past, codec, 1, NULL, NULL, data FROM raw_blocks""",
    "DROP TABLE raw_blocks",
    "ALTER TABLE raw_rows RENAME TO raw_blocks",
    # links `link` … `past_link` − 1 were pruned on purpose; `chain` is the value after them
    """CREATE TABLE chain_anchors (
        node TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        link INTEGER NOT NULL,
        past_link INTEGER NOT NULL CHECK (past_link > link),
        chain BLOB NOT NULL,
        pruned_utc_us INTEGER NOT NULL,
        PRIMARY KEY (node, epoch, boot, link),
        FOREIGN KEY (node, epoch, boot) REFERENCES boots (node, epoch, boot)
    ) WITHOUT ROWID""",
    # one span and channel: extremes and ends of all its samples, and of every bucket of them
    """CREATE TABLE raw_levels (
        node TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        channel TEXT NOT NULL,
        first INTEGER NOT NULL,
        past INTEGER NOT NULL,
        first_ms INTEGER NOT NULL,
        past_ms INTEGER NOT NULL,
        low INTEGER NOT NULL,
        high INTEGER NOT NULL,
        begin INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        buckets BLOB NOT NULL,
        PRIMARY KEY (node, epoch, boot, channel, first),
        FOREIGN KEY (node, epoch, boot) REFERENCES boots (node, epoch, boot)
    ) WITHOUT ROWID""",
)

# Calibrations: added, never changed. `dof` NULL: infinite; `sensor` empty: of the chamber;
# `budget`: JSON. See hullwatch.store.calibrations.
_CALIBRATED = (
    """CREATE TABLE calibrations (
        number INTEGER PRIMARY KEY,
        node TEXT NOT NULL REFERENCES nodes (node),
        sensor TEXT NOT NULL,
        kind TEXT NOT NULL,
        value REAL NOT NULL,
        u REAL NOT NULL,
        dof REAL,
        unit TEXT NOT NULL,
        t_ref_k REAL,
        calibrated_utc_us INTEGER NOT NULL,
        valid_until_utc_us INTEGER,
        recorded_utc_us INTEGER NOT NULL,
        method TEXT NOT NULL,
        certificate TEXT NOT NULL,
        instrument TEXT NOT NULL,
        note TEXT NOT NULL,
        budget TEXT NOT NULL
    )""",
    "CREATE INDEX calibrations_by_date ON calibrations (node, kind, calibrated_utc_us, number)",
    """CREATE TRIGGER calibrations_stay BEFORE DELETE ON calibrations
        BEGIN SELECT RAISE(ABORT, 'calibrations are never removed'); END""",
    """CREATE TRIGGER calibrations_stay_as_they_are BEFORE UPDATE ON calibrations
        BEGIN SELECT RAISE(ABORT, 'calibrations are never changed'); END""",
)

# reserve_s: NULL where it was not computed, −1: never. trend: NULL where that length has none
_TREND = (
    "ALTER TABLE windows ADD COLUMN reserve_s INTEGER",
    "ALTER TABLE windows ADD COLUMN trend TEXT",
)

_TESTED = (
    """CREATE TABLE tests (
        node TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        number INTEGER NOT NULL,
        boot INTEGER NOT NULL,
        device_ms INTEGER NOT NULL,
        received_utc_us INTEGER NOT NULL,
        part TEXT NOT NULL,
        attempt INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        reasons TEXT NOT NULL,
        ended TEXT NOT NULL,
        recipe INTEGER NOT NULL,
        config INTEGER NOT NULL,
        profile INTEGER,
        first_sample INTEGER NOT NULL,
        last_sample INTEGER NOT NULL,
        n INTEGER NOT NULL,
        leak_rate_pa_m3_s REAL,
        guard_pa_m3_s REAL,
        u_a_pa_m3_s REAL,
        u_b_pa_m3_s REAL,
        outgas_pa_m3_s REAL NOT NULL,
        pressure_mean_pa REAL NOT NULL,
        temperature_mean_k REAL NOT NULL,
        PRIMARY KEY (node, epoch, number),
        FOREIGN KEY (node, epoch, number) REFERENCES records (node, epoch, number)
    ) WITHOUT ROWID""",
    "CREATE INDEX tests_by_part ON tests (part)",
)

# What people say happened: added, never changed. See hullwatch.store.marks.
_MARKED = (
    """CREATE TABLE marks (
        number INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        node TEXT NOT NULL,
        chamber TEXT NOT NULL,
        from_utc_us INTEGER NOT NULL,
        to_utc_us INTEGER NOT NULL CHECK (to_utc_us >= from_utc_us),
        text TEXT NOT NULL,
        rate_pa_m3_s REAL,
        u_pa_m3_s REAL,
        bound_pa_m3_s REAL,
        t_ref_k REAL,
        told INTEGER NOT NULL,
        entered_by TEXT NOT NULL,
        entered_utc_us INTEGER NOT NULL,
        revokes INTEGER UNIQUE REFERENCES marks (number)
    )""",
    """CREATE TRIGGER marks_stay BEFORE DELETE ON marks
        BEGIN SELECT RAISE(ABORT, 'marks are never removed'); END""",
    """CREATE TRIGGER marks_stay_as_they_are BEFORE UPDATE ON marks
        BEGIN SELECT RAISE(ABORT, 'marks are never changed'); END""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    _FIRST, _CHAINED, _CALIBRATED, _TREND, _TESTED, _MARKED,
)  # fmt: skip
SCHEMA_VERSION = len(MIGRATIONS)


def migrate(
    connection: sqlite3.Connection, migrations: tuple[tuple[str, ...], ...] = MIGRATIONS
) -> None:
    """Run the migrations the database has not had, all or none; inside the caller's transaction."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for statements in migrations[version:]:
        for statement in statements:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(migrations)}")

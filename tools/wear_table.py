"""How long the flash of a board lasts under the spool, and for how long it holds raw samples.

`python tools/wear_table.py` writes `host/docs/flash.md`; `--check` fails when the page differs. The
arithmetic is here, its constants are compared by the tests with a real littlefs that counts erases
and with the node's own numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from hullcore import settings
from hullcore.messages import RECORD_BYTES
from hullnode.rawring import PAGE
from hullnode.spool import BUFFER, SEGMENT
from hullwatch.sim.flashfiles import BLOCK, FIRMWARE_BLOCKS

TARGET = Path(__file__).resolve().parent.parent / "host" / "docs" / "flash.md"
ENDURANCE = 100_000
"""Erases of a sector that the flash's maker promises (Winbond W25Q16JV, page 4)."""
BOARDS = {"Pico": 352, "Pico W": 212, "Pico 2": 768}
"""Blocks of the file system that the port of MicroPython makes (1408, 848, 3072 KiB)."""
RESERVE = 24
"""hullnode.spoolstart leaves so many free."""
METADATA = 0.1
"""Erases of folder blocks per file written and closed."""
PAGE_ERASES = 1.6
"""A page of raw blocks: its block, and folder blocks for a file that comes and one that goes."""
DAY_S = 86_400
YEAR_S = 365.25 * DAY_S


@dataclass(frozen=True)
class Use:
    """What a node does to its flash. `block_bytes` and `block_samples`: one raw block."""

    name: str
    sync_s: float
    records_per_sync: float
    period_s: float
    block_samples: int
    block_bytes: int
    host: bool

    @property
    def page_s(self) -> float:
        """Seconds in which raw blocks fill a page."""
        return PAGE // (self.block_bytes + 1) * self.block_samples * self.period_s

    @property
    def erases_per_s(self) -> float:
        """Blocks erased a second, on average."""
        rate = sync_erases(self.records_per_sync) / self.sync_s
        if self.host:
            return rate + METADATA / self.sync_s  # how far it has acked
        return rate + PAGE_ERASES / self.page_s


def sync_erases(records: float) -> float:
    """Blocks that littlefs erases when so many records are appended and synced.

    The last block of the file is copied, what does not fit starts the next, the folder fills up.
    """
    return 1 + records * RECORD_BYTES / BLOCK + METADATA


def windows_per_s(lengths_s: tuple[int, ...]) -> float:
    """Records a second that windows of these lengths make."""
    return sum(1 / length for length in lengths_s)


def uses() -> tuple[Use, ...]:
    """Default settings with and without a host, a slow watch, and the worst there is."""
    values = settings.defaults()
    sync_s = float(str(values["sync_s"]))
    windows = values["windows_s"]
    assert isinstance(windows, tuple)
    per_sync = windows_per_s(windows) * sync_s
    slow = windows_per_s((600, 3600, 86400))
    return (
        Use("default settings, 10 Hz, a host that acks", sync_s, per_sync, 0.1, 40, 160, True),
        Use("default settings, 10 Hz, no host", sync_s, per_sync, 0.1, 40, 160, False),
        Use("1 Hz, windows from 10 min, no host", 1 / slow, 1, 1.0, 10, 70, False),
        Use("worst: 100 Hz, 1 s windows, `sync_s=10`, no host", 10, BUFFER, 0.01, 40, 160, False),
    )


def years(blocks: int, use: Use) -> float:
    """Until every block that is not firmware has been erased ENDURANCE times."""
    return (blocks - FIRMWARE_BLOCKS) * ENDURANCE / use.erases_per_s / YEAR_S


def raw_hours(blocks: int, use: Use) -> float:
    """Hours of raw samples on the flash, when no host has come for long."""
    return half(blocks) * use.page_s / 3600


def record_hours(blocks: int, use: Use) -> float:
    """Hours of records on the flash; the oldest file may just have been given up."""
    return (half(blocks) // 8 - 1) * SEGMENT * use.sync_s / use.records_per_sync / 3600


def half(blocks: int) -> int:
    """Blocks for raw samples, and as many for records."""
    return (blocks - FIRMWARE_BLOCKS - RESERVE) // 2


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def _table() -> str:
    rows = []
    for use in uses():
        for board, blocks in BOARDS.items():
            kept = "–" if use.host else _number(raw_hours(blocks, use))
            cells = (_number(years(blocks, use)), _number(record_hours(blocks, use)), kept)
            rows.append(f"| {use.name} | {board} | {' | '.join(cells)} |")
    return "\n".join(rows)


def text() -> str:
    """The page."""
    default = uses()[1]
    sizes = ", ".join(f"{blocks} ({board})" for board, blocks in BOARDS.items())
    return f"""# The flash of a node

Made by `tools/wear_table.py`. Why the spool is as it is:
[decision 3](decisions/0003-flash-spool.md).

| use | board | years to {ENDURANCE:,} erases | hours of records | hours of raw samples |
|---|---|---:|---:|---:|
{_table()}

Hours are what the flash holds after a host has been away for long; then the oldest gives way, and
the host is told which numbers. Behind it RAM holds at least 60 s more of raw samples. A power cut
takes at most {BUFFER} records, none older than `sync_s`, and the raw samples of a page that has not
filled up: {_number(default.page_s)} s of samples at 10 Hz.

The arithmetic:

- A file system has {sizes} blocks of {BLOCK} bytes. The firmware takes {FIRMWARE_BLOCKS},
  {RESERVE} stay free, raw samples and records get half of the rest each. Records come in files of
  {SEGMENT} ({SEGMENT * RECORD_BYTES:,} bytes, 8 blocks).
- A sync of n records erases 1 + n · {RECORD_BYTES} / {BLOCK} + {METADATA} blocks: littlefs copies
  the last block of the file, starts new ones, and fills its folder blocks. Storing how far a host
  has acked costs {METADATA} more.
- A page of raw samples erases {PAGE_ERASES} blocks: itself, and the folder for a file that comes
  and one that goes. One is written only while no host acks.
- A raw block of the default settings holds 40 samples in 160 bytes, differences of one byte for the
  pressure and two for the temperature; at 1 Hz ten in 70.
- littlefs spreads erases over all blocks that are not firmware. {ENDURANCE:,} erases is what the
  maker of the flash promises (Winbond W25Q16JV).

A warning or an alarm is synced at once. However many there are, two such syncs are 10 s apart, so
they cannot wear the flash faster than the last rows of the table.
"""


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when the page differs.")
def main(check: bool) -> None:
    """Calculate the table and write the page."""
    if not check:
        TARGET.write_text(text(), "utf-8")
    elif TARGET.read_text("utf-8") != text():
        raise click.ClickException(f"{TARGET.name} differs: run tools/wear_table.py")


if __name__ == "__main__":
    main()

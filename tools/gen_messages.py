"""Generate `firmware/hullcore/messages.py` from the host's message and record tables.

The node gets ids and struct formats only (its heap is scarce); names, units and meanings stay on
the host. `--check` writes nothing and fails when the file on disk differs.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hullwatch.link import messages, recordkinds

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "firmware" / "hullcore" / "messages.py"


def _lines() -> list[str]:
    out = [
        '"""Wire and record layouts on the node. Made by tools/gen_messages.py: do not edit."""',
        "",
        "# fmt: off",
        f"PROTOCOL_VERSION = {messages.PROTOCOL_VERSION}",
        f'HEADER = "{messages.FRAME_HEADER.format}"',
        "",
    ]
    for m in messages.MESSAGES:
        out.append(f"{m.name} = {m.id}")
        if m.fields:
            out.append(f'{m.name}_FORMAT = "{m.format}"')
    out.append(f'PONG_FORMAT = "{messages.PONG.format}"')
    out.append(f"RAW_HAS_AUX = {messages.RAW_HAS_AUX}")
    out += [f'RAW_AUX_FORMAT = "{messages.RAW_AUX.format}"', ""]
    out.append(f"RECORD_BYTES = {recordkinds.RECORD_BYTES}")
    out.append(f"NO_RECORD = {recordkinds.NO_RECORD}")
    out.append(f'RECORD_HEADER = "{recordkinds.HEADER.format}"')
    for k in recordkinds.RECORD_KINDS:
        out.append(f"KIND_{k.name} = {k.id}")
        out.append(f"{k.name}_VERSION = {k.version}")
        out.append(f'{k.name}_BODY = "{k.format}"')
    out += [f"FLAG_{name} = {1 << bit}" for bit, (name, _) in enumerate(recordkinds.FLAGS)]
    for code, (name, severity, _) in enumerate(recordkinds.EVENTS, 1):
        out.append(f"EVENT_{name} = {code | severity << 12}  # severity in bits 12…13")
    out.append("# fmt: on")
    return out


def _check_sizes() -> None:
    for k in recordkinds.RECORD_KINDS:
        if k.struct.size > recordkinds.BODY_BYTES:
            raise SystemExit(
                f"record {k.name}: body {k.struct.size} > {recordkinds.BODY_BYTES} bytes"
            )


@click.command()
@click.option("--check", is_flag=True, help="Fail when the generated file is out of date.")
def main(check: bool) -> None:
    """Write the node's message module, or check it."""
    _check_sizes()
    text = "\n".join(_lines()) + "\n"
    if not check:
        TARGET.write_text(text)
        click.echo(f"wrote {TARGET.relative_to(ROOT)}")
    elif not TARGET.exists() or TARGET.read_text() != text:
        click.echo(f"{TARGET.relative_to(ROOT)} is out of date: run python tools/gen_messages.py")
        sys.exit(1)


if __name__ == "__main__":
    main()

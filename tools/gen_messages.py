"""Generate the node's modules of ids and formats from the host's message and record tables.

The node gets ids and struct formats only (its heap is scarce); names, units and meanings stay on
the host. `--check` writes nothing and fails when the file on disk differs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from hullwatch.link import messages, recordkinds

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "firmware" / "hullcore" / "messages.py"
MODULES = {
    TARGET: "Wire and record layouts on the node",
    TARGET.with_name("moremessages.py"): "Layouts for some settings and the start",
    TARGET.with_name("testmessages.py"): "Layouts of what only a node with outputs needs",
}

_MORE = re.compile(
    "RAW_HAS_AUX|RAW_AUX_FORMAT|LEARNED_FORMAT|TREND_MARK_FORMAT|CALIBRATE_NOISE_FORMAT|"
    "(KIND_)?(CONFIG|PROFILE|TREND|WATCH)(_VERSION|_BODY|$)|"
    "EVENT_(BOOT|CONFIG_BAD|AUX|AUX_FAULT|AUX_BACK|REFERENCE_LEAK|RAPID|"
    "STEP|RAPID_END|TREND|TREND_ALARM|TREND_VOID|KNOWN_LEAK|NOISE_STORED|NOISE_VOID)"
)
_TESTS = re.compile("(KIND_)?(TEST|RECIPE)(_.*|$)|EVENT_(OVERPRESSURE|OUTPUTS_SAFE|PHASE)")
"""Names that only the start or some settings, and that only tests need: every name costs heap."""


def _constants() -> Iterator[tuple[str, str]]:
    yield "PROTOCOL_VERSION", f"{messages.PROTOCOL_VERSION}"
    yield "HEADER", f'"{messages.FRAME_HEADER.format}"'
    for m in messages.MESSAGES:
        yield m.name, f"{m.id}"
        if m.fields:
            yield f"{m.name}_FORMAT", f'"{m.format}"'
    for m in (messages.PONG, messages.LEARNED, messages.RAW_AUX, messages.TEST_PROGRESS):
        yield f"{m.name}_FORMAT", f'"{m.format}"'
    yield "RAW_HAS_AUX", f"{messages.RAW_HAS_AUX}"
    yield "RECORD_BYTES", f"{recordkinds.RECORD_BYTES}"
    yield "NO_RECORD", f"{recordkinds.NO_RECORD}"
    yield "RECORD_HEADER", f'"{recordkinds.HEADER.format}"'
    for k in recordkinds.RECORD_KINDS:
        yield f"KIND_{k.name}", f"{k.id}"
        yield f"{k.name}_VERSION", f"{k.version}"
        yield f"{k.name}_BODY", f'"{k.format}"'
    for bit, (name, _) in enumerate(recordkinds.FLAGS):
        yield f"FLAG_{name}", f"{1 << bit}"
    for code, (name, severity, _) in enumerate(recordkinds.EVENTS, 1):
        yield f"EVENT_{name}", f"{code | severity << 12}  # severity in bits 12…13"


def _module_of(name: str) -> Path:
    more, tests = list(MODULES)[1:]
    return tests if _TESTS.fullmatch(name) else more if _MORE.fullmatch(name) else TARGET


def _text(path: Path) -> str:
    head = [f'"""{MODULES[path]}. Made by tools/gen_messages.py: do not edit."""']
    names = [f"{k} = {v}" for k, v in _constants() if _module_of(k) == path]
    return "\n".join([*head, "", "# fmt: off", *names, "# fmt: on"]) + "\n"


def _check_sizes() -> None:
    for k in recordkinds.RECORD_KINDS:
        if k.struct.size > recordkinds.BODY_BYTES:
            raise SystemExit(
                f"record {k.name}: body {k.struct.size} > {recordkinds.BODY_BYTES} bytes"
            )


@click.command()
@click.option("--check", is_flag=True, help="Fail when a generated file is out of date.")
def main(check: bool) -> None:
    """Write the node's message modules, or check them."""
    _check_sizes()
    for path in MODULES:
        text = _text(path)
        if not check:
            path.write_text(text)
            click.echo(f"wrote {path.relative_to(ROOT)}")
        elif not path.exists() or path.read_text() != text:
            click.echo(f"{path.relative_to(ROOT)} is out of date: run python tools/gen_messages.py")
            sys.exit(1)


if __name__ == "__main__":
    main()

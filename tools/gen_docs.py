"""Generate the parts of the documentation that repeat what the code says.

Between `<!-- generated: NAME -->` and `<!-- end of NAME -->` stands what this program writes there:
wire tables, help texts, exit codes, settings. `--check` writes nothing and fails when a page on
disk differs. `--outputs` also runs the commands of the console blocks and pastes what they print.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

import doc_console
import setting_notes
import wiring_table
from hullcore import settings
from hullnode.configfile import text_of
from hullwatch import errors
from hullwatch.alarms.rules import RULES
from hullwatch.cli import app
from hullwatch.hil import benchfile
from hullwatch.hil.capabilities import (
    ACTUATED,
    MEANINGS,
    NOT_ON_SIM,
    OF_KNOWN_LEAKS,
    OF_SECTIONS,
    POSSIBLE,
)
from hullwatch.link import messages, recordkinds
from hullwatch.link.fields import Field
from hullwatch.web import describe

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    "README.md",
    "firmware/README.md",
    "host/docs/alarms.md",
    "firmware/WIRING.md",
    "host/docs/architecture.md",
    "host/docs/bench.md",
    "host/docs/cli.md",
    "host/docs/http-api.md",
    "host/docs/leaktest.md",
    "host/docs/wire.md",
)
HELP_WIDTH = 80
_PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end of \2 -->)", re.DOTALL)
_BASE = "HullwatchError"
_TREE = re.compile(r"(\w+) +exit code \d+: (.*)")  # the drawing in hullwatch.errors
_CODES = {
    "c": "char", "b": "i8", "B": "u8", "h": "i16", "H": "u16", "i": "i32", "I": "u32",
    "q": "i64", "Q": "u64",
}  # fmt: skip


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown; a `|` inside a cell is escaped."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def sentence(text: str, first: Callable[[str], str] = str.upper) -> str:
    """A text with its first letter changed and without its full stop."""
    return (first(text[:1]) + text[1:]).rstrip(".")


# --- the wire -------------------------------------------------------------------------------------


def type_name(code: str) -> str:
    """`u32` for a `struct` code, `bytes[12]` for `12s`."""
    return f"bytes[{code[:-1]}]" if code.endswith("s") else _CODES[code]


def _fields(fields: tuple[Field, ...]) -> str:
    rows = [(f"`{x.name}`", type_name(x.code), x.unit, x.doc) for x in fields]
    return table(("field", "type", "unit", "meaning"), rows)


def wire_messages() -> str:
    """Header, every message with its fields, refusal codes, capabilities."""
    out = [f"Protocol version {messages.PROTOCOL_VERSION}.\n\n"]
    rows = [
        (f"{m.id}", f"[{m.name}](#{m.name.lower()})", m.direction, m.delivery, m.doc)
        for m in messages.MESSAGES
    ]
    out.append(table(("id", "message", "direction", "delivery", "meaning"), rows))
    out.append(f"\n### Header\n\n{sentence(messages.FRAME_HEADER.doc)}.\n\n")
    out.append(_fields(messages.FRAME_HEADER.fields))
    data = (messages.PONG, messages.LEARNED, messages.RAW_AUX, messages.TEST_PROGRESS)
    for m in (*messages.MESSAGES, *data):
        title = m.name if m.id else f"{m.name} (no frame of its own)"
        out.append(f"\n### {title}\n\n{sentence(m.doc)}.\n")
        if m.fields:
            out.append(f"\n{_fields(m.fields)}")
        if m.tail:
            out.append(f"\n{'Then' if m.fields else 'Payload'}: {m.tail}.\n")
        if not m.fields and not m.tail:
            out.append("\nNo payload.\n")
    out.append("\n### Marks\n\nTREND_MARK.what.\n\n")
    out.append(table(("code", "meaning"), [(f"{k}", v) for k, v in messages.MARKS.items()]))
    out.append("\n### Refusals\n\nStatus of a REPLY that is not 0; its tail says more.\n\n")
    out.append(table(("code", "meaning"), [(f"{k}", v) for k, v in messages.REFUSALS.items()]))
    out.append("\n### Capabilities\n\nBits of HELLO.capabilities; a node of today sets none.\n\n")
    out.append(table(("bit", "meaning"), [(f"{k}", v) for k, v in messages.CAPABILITIES.items()]))
    return "".join(out)


def wire_records() -> str:
    """Record header, kinds, flags and events."""
    size = recordkinds.HEADER.size
    out = [f"A record has {recordkinds.RECORD_BYTES} bytes: header ({size} bytes), body, zeros, "]
    out.append("CRC-32 of all that precedes.\n\n")
    out.append(_fields(recordkinds.HEADER_FIELDS))
    for kind in recordkinds.RECORD_KINDS:
        out.append(f"\n### {kind.name} record\n\nKind {kind.id}, version {kind.version}, body ")
        out.append(f"{kind.struct.size} of {recordkinds.BODY_BYTES} bytes: {kind.doc}.\n\n")
        out.append(_fields(kind.fields))
    out.append("\n### Flags\n\n")
    rows = [(f"{bit}", f"`{name}`", doc) for bit, (name, doc) in enumerate(recordkinds.FLAGS)]
    out.append(table(("bit", "flag", "meaning"), rows))
    out.append("\n### Reserve time\n\nSeconds, or one of these.\n\n")
    rows = [(f"{value:#x}", "", doc) for value, doc in recordkinds.RESERVES.items()]
    out.append(table(("reserve_s", "meaning"), [(value, doc) for value, _, doc in rows]))
    out.append("\n### Events\n\n")
    severities = ("info", "warning", "alarm")
    events = [
        (f"{code}", f"`{name}`", severities[severity], doc)
        for code, (name, severity, doc) in enumerate(recordkinds.EVENTS, 1)
    ]
    out.append(table(("code", "event", "severity", "meaning"), events))
    return "".join(out)


# --- the command line -----------------------------------------------------------------------------


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, groups before what they hold."""
    yield from _walk("hullwatch", app.cli, click.Context(app.cli, info_name="hullwatch"))


def _walk(
    path: str, command: click.Command, context: click.Context
) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from _walk(f"{path} {name}", inner, context)


def cli_commands() -> str:
    """The help text of every command."""
    out = []
    for path, command in commands():
        context = click.Context(
            command, info_name=path, terminal_width=HELP_WIDTH, max_content_width=HELP_WIDTH,
            help_option_names=["-h", "--help"],
        )  # fmt: skip
        out.append(f"## {path}\n\n```text\n{command.get_help(context).rstrip()}\n```\n")
    return "\n".join(out)


def _classes() -> dict[str, tuple[str, int, str]]:
    """Every error class of the host by name: parent, exit code, first line of its docstring.

    Read from the sources, so that no optional package has to be installed.
    """
    found: dict[str, tuple[str, int, str]] = {}
    for path in sorted((ROOT / "host" / "hullwatch").rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and len(node.bases) == 1:
                parent = node.bases[0]
                codes = [
                    line.value.value
                    for line in node.body
                    if isinstance(line, ast.Assign)
                    and ast.unparse(line.targets[0]) == "exit_code"
                    and isinstance(line.value, ast.Constant)
                ]
                if codes and isinstance(codes[0], int) and isinstance(parent, ast.Name):
                    doc = " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
                    found[node.name] = (parent.id, codes[0], doc)
    return found


_OTHERS = (
    (0, "done"),
    (1, "`doctor`: something needed is missing"),
    (2, "an option or argument that the command does not take"),
    (app.INTERNAL_ERROR, "a fault of Hullwatch itself; `--debug` shows where"),
    (130, "Ctrl-C"),
    (141, "the reader of the output went away"),
)


def exit_codes() -> str:
    """Every exit code, in order."""
    rows = [(code, "", doc) for code, doc in _OTHERS]
    rows += [(code, f"`{name}`", doc) for name, (_, code, doc) in _classes().items()]
    rows = [row for row in rows if row[1] != f"`{_BASE}`"]
    return table(
        ("code", "error", "meaning"), [(str(c), n, sentence(d)) for c, n, d in sorted(rows)]
    )


def exit_families() -> str:
    """The exit codes by what they are about: one row for each branch of the error tree."""
    classes = _classes()

    def root_of(name: str) -> str:
        parent = classes[name][0]
        return name if parent == _BASE else root_of(parent)

    families: dict[str, list[int]] = {}
    for name in classes:
        if name != _BASE:
            families.setdefault(root_of(name), []).append(classes[name][1])
    told = dict(_TREE.findall(errors.__doc__ or ""))
    rows = [([code], doc) for code, doc in _OTHERS if code != 2]
    rows += [
        (sorted(codes), told.get(name) or sentence(classes[name][2], str.lower))
        for name, codes in families.items()
    ]
    return table(
        ("code", "about"),
        [(", ".join(map(str, codes)), doc) for codes, doc in sorted(rows)],
    )


# --- the packages ---------------------------------------------------------------------------------


def packages() -> str:
    """Every package of the host with the first sentence of its docstring."""
    rows = []
    for path in sorted((ROOT / "host" / "hullwatch").glob("*/__init__.py")):
        doc = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        rows.append((f"`{path.parent.name}`", " ".join(doc.split("\n\n")[0].split())))
    return table(("package", "what"), rows)


# --- benches --------------------------------------------------------------------------------------


_REAL_NEEDS = (
    (ACTUATED, "a switch"),
    (OF_KNOWN_LEAKS, "a known leak"),
    (OF_SECTIONS, "sections, and a switch for each hatch"),
)


def capabilities() -> str:
    """Every capability: what it means, which supplied bench has it, what a real one needs.

    Then those that `sim` cannot have, and why.
    """
    supplied = ("sim", "mpy", "pico-emu")
    benches = [benchfile.load(benchfile.find(name, [])) for name in supplied]
    rows = []
    for name, meaning in MEANINGS.items():
        real = "declared" if name in POSSIBLE["real"] else "-"
        for names, needed in _REAL_NEEDS:
            real = needed if name in names else real
        has = ["yes" if name in bench.can else "-" for bench in benches]
        rows.append((f"`{name}`", meaning, *has, real))
    found = table(("capability", "means", *supplied, "a real bench has it by"), rows)
    reasons = "".join(f"- `{name}`: {why}.\n" for name, why in NOT_ON_SIM.items())
    return f"{found}\nNot on `sim`, because imitated there they would prove nothing:\n\n{reasons}"


# --- alarms ---------------------------------------------------------------------------------------


def alarm_rules() -> str:
    """Every alarm rule with its usual severity and limit."""
    rows = []
    for name, (_, severity, limit, what) in RULES.items():
        usual = "" if limit is None else f"{limit / 3600:g} h" if limit >= 3600 else f"{limit:g} s"
        rows.append((f"`{name}`", what, severity, usual))
    return table(("rule", "what", "severity", "limit"), rows)


# --- the node -------------------------------------------------------------------------------------


def node_settings() -> str:
    """Every setting of a node."""
    if set(setting_notes.NOTES) != {row[0] for row in settings.SETTINGS}:
        raise SystemExit("tools/setting_notes.py and hullcore.settings differ")
    rows = []
    for key, _, default, limit in settings.SETTINGS:
        unit, note = setting_notes.NOTES[key]
        if isinstance(limit, int):
            many = isinstance(default, tuple)
            permitted = f"at most {limit} " + ("numbers" if many else "bytes")
        elif isinstance(limit[0], int):
            permitted = f"{limit[0]} … {limit[1]}"
        else:
            permitted = ", ".join(limit)
        rows.append((f"`{key}`", text_of(default), unit, permitted, note))
    return table(("setting", "default", "unit", "permitted", "meaning"), rows)


# --- pages ----------------------------------------------------------------------------------------


def http_api() -> str:
    """Every way into the dashboard's server, from its table."""
    rows = [
        (method, f"`{path}`", f"`{names}`" if names else "", doc)
        for method, path, names, doc in describe.table()
    ]
    return table(("", "below /api/v1", "parameters", "gives"), rows)


PARTS: dict[str, Callable[[], str]] = {
    "alarm-rules": alarm_rules,
    "addresses": lambda: table(*wiring_table.addresses()),
    "capabilities": capabilities,
    "commands": cli_commands,
    "exit-codes": exit_codes,
    "exit-families": exit_families,
    "http-api": http_api,
    "messages": wire_messages,
    "packages": packages,
    "pins": lambda: table(*wiring_table.pins()),
    "pullups": lambda: table(*wiring_table.pullups()),
    "records": wire_records,
    "settings": node_settings,
}


def filled(text: str) -> str:
    """A page with its generated parts anew."""

    def part(match: re.Match[str]) -> str:
        return f"{match[1]}\n{PARTS[match[2]]().rstrip()}\n\n{match[3]}"

    return _PART.sub(part, text)


@click.command()
@click.option("--check", is_flag=True, help="Fail when a page is out of date.")
@click.option("--outputs", is_flag=True, help="Also run the console blocks and paste the output.")
def main(check: bool, outputs: bool) -> None:
    """Write the generated parts of the documentation, or check them."""
    stale = []
    for name in PAGES:
        page = ROOT / name
        old = page.read_text("utf-8")
        new = filled(old)
        if outputs and not check:
            new = doc_console.refreshed(new)
        if new != old:
            stale.append(name)
            if not check:
                page.write_text(new, "utf-8")
    for name in stale:
        click.echo(f"{name} is out of date: run make docs" if check else f"wrote {name}")
    sys.exit(bool(check and stale))


if __name__ == "__main__":
    main()

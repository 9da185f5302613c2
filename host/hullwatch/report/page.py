"""Facts as a self-contained page: no script, no file beside it, no network."""

from __future__ import annotations

import importlib
import math
from dataclasses import asdict
from importlib.resources import files
from typing import Any

from hullwatch.errors import MissingCapability
from hullwatch.report.facts import Report, plain
from hullwatch.report.template import Heading
from hullwatch.units.rounding import rounded

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
TITLES = {
    "test": "Leak test report", "period": "Leak rate report", "batch": "Leak test batch report",
    "gauge": "Gauge R&R report",
}  # fmt: skip
"""By kind of report. A document is called a certificate only by the user's own heading."""


def html(report: Report) -> str:
    """The page; the same report gives the same bytes. MissingCapability without Jinja2."""
    try:
        jinja2 = importlib.import_module("jinja2")
    except ImportError as error:
        raise MissingCapability(
            "a report needs Jinja2", "pip install 'hullwatch[report]'"
        ) from error
    folder = files("hullwatch.report") / "templates"
    loader = jinja2.FunctionLoader(lambda name: (folder / name).read_text("utf-8"))
    environment = jinja2.Environment(
        loader=loader, autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        {"number": number, "with_u": with_u, "sentence": sentence, "words": words}
    )
    facts = plain(report.facts)
    text: str = environment.get_template(f"{facts['kind']}.html").render(
        facts=facts, pictures=report.pictures, digest=report.digest,
        heading=asdict(Heading(**facts["heading"])),
        title=facts["heading"].get("title") or TITLES[facts["kind"]],
        style=(folder / "report.css").read_text("utf-8"),
    )  # fmt: skip
    return text


def pdf(report: Report) -> bytes:
    """The same page on paper. MissingCapability without WeasyPrint or the libraries it needs."""
    try:
        weasyprint = importlib.import_module("weasyprint")
    except (ImportError, OSError) as error:
        raise MissingCapability(
            "PDF needs WeasyPrint and Pango",
            "pip install 'hullwatch[report]', and Pango from the system (libpango-1.0-0,"
            " libpangoft2-1.0-0); or write .html and print it",
        ) from error
    made: bytes = weasyprint.HTML(string=html(report)).write_pdf(
        pdf_identifier=report.digest.encode()
    )
    return made


def power(exponent: int) -> str:
    """`10⁻⁴`."""
    return "10" + str(exponent).translate(_SUPERSCRIPT)


def number(value: float | None, digits: int = 6) -> str:
    """A number by itself; a dash for one there is not."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or value == 0:
        return f"{int(value):,}".replace(",", "\u202f")
    if 1e-3 <= abs(value) < 1e6:
        return f"{value:.{digits}g}"
    exponent = math.floor(math.log10(abs(value)))
    return f"{value / 10.0**exponent:.{digits}g} × {power(exponent)}"


def with_u(value: float | None, half: float | None, unit: str = "") -> str:
    """`(1.03 ± 0.15) × 10⁻⁴ Pa·m³/s`."""
    end = f" {unit}" if unit else ""
    if value is None:
        return "–"
    if not half:
        return f"{number(value)}{end}" + (" ± not known" if half is None else "")
    shown, margin, exponent = rounded(value, half)
    if -2 <= exponent <= 3:
        places = max(0, len(margin.partition(".")[2]) - exponent)
        return f"{value:.{places}f} ± {half:.{places}f}{end}"
    return f"({shown} ± {margin}) × {power(exponent)}{end}"


def sentence(text: str) -> str:
    """With a large first letter; the rest as it is."""
    return text[:1].upper() + text[1:]


def words(name: Any) -> str:
    """A fact's name as words."""
    return str(name).replace("_", " ")

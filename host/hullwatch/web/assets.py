"""The files of the pages, read once: a request can name one of these or nothing."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    """One file: as it is, compressed, and a name for this version of it."""

    data: bytes
    packed: bytes
    kind: str
    tag: str

    def response(self, request: Request) -> Response:
        """The file, or that the browser has it already."""
        headers = {
            "etag": self.tag, "cache-control": "no-cache", "vary": "accept-encoding",
        }  # fmt: skip
        if request.headers.get("if-none-match") == self.tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                self.packed, media_type=self.kind, headers={**headers, "content-encoding": "gzip"}
            )
        return Response(self.data, media_type=self.kind, headers=headers)


def load() -> dict[str, Asset]:
    """Every file by its address below /."""
    found: dict[str, Asset] = {}
    _gather(resources.files("hullwatch.web") / "static", "", found)
    return found


def _gather(folder: Traversable, prefix: str, found: dict[str, Asset]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            _gather(entry, f"{prefix}{entry.name}/", found)
            continue
        kind = next((_TYPES[end] for end in _TYPES if entry.name.endswith(end)), None)
        if kind is not None:
            data = entry.read_bytes()
            tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
            found[prefix + entry.name] = Asset(data, gzip.compress(data, 9, mtime=0), kind, tag)

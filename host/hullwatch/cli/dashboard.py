"""What `serve` and `demo` share: the token, the names of the server, what is printed."""

from __future__ import annotations

import secrets
import socket
from importlib.util import find_spec
from pathlib import Path

import click

from hullwatch.errors import InputError, MissingCapability

_TOKEN_CHARACTERS = 16
_BEYOND = """\
Whoever reaches this address can read everything; orders take the token. HTTP sends both in the
open: put TLS in front, for example with Caddy on this machine, and listen on loopback only:
  hullwatch serve --allow-host hull.example.org --token-file token.txt
  caddy reverse-proxy --from hull.example.org --to 127.0.0.1:8321"""


def installed() -> bool:
    """Whether the optional part is there."""
    return find_spec("starlette") is not None and find_spec("uvicorn") is not None


def check_installed() -> None:
    """MissingCapability without the optional part."""
    if not installed():
        raise MissingCapability(
            "the dashboard's server is not installed", "pip install 'hullwatch[web]'"
        )


def token_of(path: Path | None, loopback: bool) -> str:
    """The token of a file, or a new one; InputError where one must be given and is not."""
    if path is None:
        if not loopback:
            raise InputError(
                "an address beyond this machine needs a token that you keep",
                "such as: openssl rand -hex 16 > token.txt; chmod 600 token.txt; "
                "--token-file token.txt",
            )
        return secrets.token_urlsafe(_TOKEN_CHARACTERS)
    try:
        token = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}", "name a file with one line") from error
    if len(token) < _TOKEN_CHARACTERS or not token.isascii() or not token.isprintable():
        raise InputError(
            f"{path}: not {_TOKEN_CHARACTERS} printable characters or more on one line",
            f"such as: openssl rand -hex 16 > {path}",
        )
    return token


def names(host: str, allowed: tuple[str, ...]) -> frozenset[str]:
    """Names by which browsers may call the server, besides those of the loopback."""
    own = {f"[{host}]" if ":" in host else host} - {"0.0.0.0", "[::]"}
    return frozenset(name.lower() for name in (*own, *allowed))


def address_of(listener: socket.socket, host: str) -> str:
    """What to type into a browser."""
    port = listener.getsockname()[1]
    name = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"


def tell(listener: socket.socket, host: str, new_token: str | None) -> None:
    """Print where it is."""
    from hullwatch.web.server import is_loopback

    click.echo(f"dashboard: {address_of(listener, host)}")
    if new_token is not None:
        click.echo(f"token for orders, until Ctrl-C: {new_token}")
    if not is_loopback(host):
        click.echo(_BEYOND)

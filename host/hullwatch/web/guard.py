"""What a request must be before anything looks at it, and the headers that every answer has.

A browser that was lured here from elsewhere sends another Host (DNS rebinding) or Origin (a form,
a script of another page); both end here. The pages may load nothing from anywhere else and run no
script that is not a file of ours.
"""

from __future__ import annotations

import hmac
import json
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hullwatch.errors import HullwatchError
from hullwatch.web.failures import Forbidden, TooLarge, Unauthorised, WrongType, status_of, told

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
MOST_BODY_BYTES = 16_384
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Guard:
    """ASGI middleware: Host and Origin, then the application, then the headers."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = LOOPBACK | hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what comes from a page of ours."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        try:
            self._check(Headers(scope=scope))
        except HullwatchError as error:
            response = JSONResponse(told(error), status_of(error))
            await response(scope, receive, with_headers)
            return
        await self._app(scope, receive, with_headers)

    def _check(self, headers: Headers) -> None:
        host = headers.get("host", "")
        if _name(host) not in self._hosts:
            raise Forbidden(
                f"this server is not called {host[:100]!r}",
                "use the address it printed, or start it with --allow-host",
            )
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            raise Forbidden("a page of another origin asked", "open the dashboard itself")
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Forbidden("a page of another site asked", "open the dashboard itself")


def _name(host: str) -> str:
    """The host without its port, in lower case."""
    return (host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]).lower()


def check_token(request: Request, token: str) -> None:
    """Unauthorised without the token. As a header it is never sent by a page of another origin."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise Unauthorised("the token is missing or wrong", "hullwatch serve prints where it is")


async def json_body(request: Request) -> dict[str, object]:
    """The JSON object of a request; WrongType, TooLarge."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise WrongType("an order is JSON", "Content-Type: application/json")
    try:
        declared = int(request.headers.get("content-length", "0"))
    except ValueError:
        declared = 0
    received = bytearray()
    _refuse_large(declared)
    async for chunk in request.stream():
        received += chunk
        _refuse_large(len(received))
    try:
        found = json.loads(received or b"{}")
    except (ValueError, RecursionError) as error:
        raise WrongType(f"no JSON: {error}", "send one object") from error
    if not isinstance(found, dict):
        raise WrongType("no JSON object", "send one object")
    return found


def _refuse_large(size: int) -> None:
    if size > MOST_BODY_BYTES:
        raise TooLarge(
            f"a request of {size} bytes", f"no order has more than {MOST_BODY_BYTES} bytes"
        )

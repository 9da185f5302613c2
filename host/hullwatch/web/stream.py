"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from hullwatch.web.feed import Feed

BEAT_S = 10.0
"""A sign of life when nothing happened: a page without one for longer knows its line is dead."""

_RETRY_MS = 1500


class ChangeStream:
    """The answer to one listener; ends when it leaves or is dropped."""

    def __init__(self, feed: Feed, request: Request) -> None:
        self._feed = feed
        last_id = request.headers.get("last-event-id") or request.query_params.get("last_id", "")
        self._listener = feed.listen(last_id)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until either end has had enough."""
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._feed.leave(self._listener)
            for task in (sending, leaving):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await sending

    async def _send(self, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _body(send, f"retry: {_RETRY_MS}\n\n".encode())
        while True:
            try:
                data = await asyncio.wait_for(self._listener.queue.get(), BEAT_S)
            except TimeoutError:
                data = self._feed.beat()
            if data is None:
                await send({"type": "http.response.body", "body": b""})
                return
            await _body(send, data)


async def _body(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

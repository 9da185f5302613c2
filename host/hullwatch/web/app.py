"""The application: the table of routes, the stream, the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from hullwatch.errors import HullwatchError
from hullwatch.store import Reader
from hullwatch.web import assets, metrics
from hullwatch.web.ask import Ask, Download, Endpoint
from hullwatch.web.describe import description
from hullwatch.web.failures import NoSuch, status_of, told
from hullwatch.web.feed import Feed
from hullwatch.web.guard import Guard, check_token, json_body
from hullwatch.web.readers import Readers
from hullwatch.web.routes import ENDPOINTS, PLACES, ROOT, STREAM
from hullwatch.web.site import Site
from hullwatch.web.stream import ChangeStream

_Answer = Callable[[Request], Awaitable[Any]]
_NO_STORE = {"cache-control": "no-store"}
_PAGE = "index.html"


def build(site: Site) -> ASGIApp:
    """The application for one database; it opens its readers when it is first asked."""
    readers, order_readers = Readers(site.open_reader), Readers(site.open_reader)
    feed = Feed(site, readers)

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        feed.start()
        try:
            yield
        finally:
            await feed.stop()
            readers.close()
            order_readers.close()

    routes = _routes(site, feed, readers, order_readers)
    handlers = {HullwatchError: _failed, Exception: _failed}
    return Guard(
        Starlette(routes=routes, lifespan=running, exception_handlers=handlers), site.hosts
    )


def _routes(site: Site, feed: Feed, readers: Readers, order_readers: Readers) -> list[Route]:
    table = [
        Route(
            one.path,
            _answered(one, site, order_readers if one.control or one.long else readers),
            methods=[one.method],
        )
        for one in ENDPOINTS
    ]
    return [
        *table,
        Route("/metrics", _measured(site, readers), methods=["GET"]),
        Route(STREAM, _streamed(feed), methods=["GET"]),
        Route(PLACES, _counted(feed), methods=["GET"]),
        Route(ROOT, _described, methods=["GET"]),
        Route(f"{ROOT}/", _described, methods=["GET"]),
        Route(f"{ROOT}/{{rest:path}}", _nothing),
        Route("/{name:path}", _assets(), methods=["GET"]),
    ]


async def _failed(_: Request, error: Exception) -> Response:
    """What is wrong and what to do; for what nobody expected only its kind, the trace is logged."""
    if not isinstance(error, HullwatchError):
        error = HullwatchError(f"internal error: {type(error).__name__}", "the server's log has it")
    return JSONResponse(told(error), status_of(error), _NO_STORE)


def _answered(one: Endpoint, site: Site, readers: Readers) -> _Answer:
    async def answer(request: Request) -> Response:
        if one.control:
            check_token(request, site.token)
            given: Mapping[str, object] = await json_body(request)
        else:
            given = dict(request.query_params)
        values = one.checked(given)

        def question(reader: Reader) -> dict[str, Any] | Download:
            return one.answer(Ask(site, reader, request.path_params, values))

        found = await readers.run(question)
        if isinstance(found, Download):
            disposition = f'attachment; filename="{found.name}"'
            headers = {**_NO_STORE, "content-disposition": disposition}
            return Response(found.content, media_type=found.kind, headers=headers)
        return JSONResponse(found, headers=_NO_STORE)

    return answer


def _measured(site: Site, readers: Readers) -> _Answer:
    async def answer(_: Request) -> Response:
        content = await readers.run(
            lambda reader: metrics.exposition(reader, site.now_utc_us(), site.alarms.alarms())
        )
        return Response(content, media_type=metrics.CONTENT_TYPE, headers=_NO_STORE)

    return answer


def _streamed(feed: Feed) -> _Answer:
    async def answer(request: Request) -> ChangeStream:
        return ChangeStream(feed, request)

    return answer


def _counted(feed: Feed) -> _Answer:
    async def answer(_: Request) -> Response:
        return JSONResponse({"free": feed.free}, headers=_NO_STORE)

    return answer


async def _described(_: Request) -> Response:
    return JSONResponse(description(), headers=_NO_STORE)


async def _nothing(request: Request) -> Response:
    raise NoSuch(f"nothing at {request.url.path[:200]!r}", f"{ROOT} lists what there is")


def _assets() -> _Answer:
    known = assets.load()

    async def answer(request: Request) -> Response:
        asset = known.get(request.path_params["name"] or _PAGE)
        if asset is None:
            raise NoSuch(f"no page {request.path_params['name'][:100]!r}", "start at /")
        return asset.response(request)

    return answer

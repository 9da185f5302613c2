"""Readers for the threads of a server: SQLite connections stay where they were opened."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from hullwatch.errors import StoreError
from hullwatch.store import Reader

_T = TypeVar("_T")


class Readers:
    """A few threads, each with a reader that it opens when it is first asked."""

    def __init__(self, open_reader: Callable[[], Reader], threads: int = 2) -> None:
        self._open = open_reader
        self._pool = ThreadPoolExecutor(threads, "reader")
        self._own = threading.local()
        self._all: list[Reader] = []

    async def run(self, question: Callable[[Reader], _T]) -> _T:
        """Answer a question in one of the threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._asked, question)

    def _asked(self, question: Callable[[Reader], _T]) -> _T:
        reader: Reader | None = getattr(self._own, "reader", None)
        if reader is None:
            reader = self._own.reader = self._open()
        try:
            return question(reader)
        except StoreError:  # the file may be another one now: looked at anew the next time
            self._own.reader = None
            reader.close()
            raise

    def close(self) -> None:
        """End the threads; the connections end with them."""

        def end() -> None:
            reader: Reader | None = getattr(self._own, "reader", None)
            if reader is not None:
                reader.close()
                self._own.reader = None

        for _ in range(self._pool._max_workers):
            self._pool.submit(end)
        self._pool.shutdown()

"""72 virtual hours live: the memory of the server and of an open page stays what it was."""

import contextlib
import itertools
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.ingest.logger import Logger
from hullwatch.store import Store

START_US = 1_767_225_600_000_000
HOURS = 72
MB = 1 << 20


def resident(pid):
    """Bytes of RAM of a process."""
    return int(re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) * 1024


class Measured(NamedTuple):
    """Bytes of the server's RAM and of the page's heap, nodes in the page, drawings so far."""

    server: int
    page: int
    nodes: int
    drawn: int


def measured(page, tools, pid):
    tools.send("HeapProfiler.collectGarbage")
    return Measured(
        resident(pid),
        tools.send("Runtime.getHeapUsage")["usedSize"],
        tools.send("Memory.getDOMCounters")["nodes"],
        int(page.get_attribute(".plots", "data-drawn")),
    )


def serve(database, token):
    """`hullwatch serve` as a process of its own."""
    command = [
        sys.executable, "-c", "from hullwatch.cli import main; main()", "serve", "--db", database,
        "--http-port", "0", "--token-file", token,
    ]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_three_days_leave_server_and_page_as_they_were(tmp_path, chromium):
    path = tmp_path / "long.db"
    (tmp_path / "token").write_text("0123456789abcdef")
    with contextlib.ExitStack() as stack:
        bench = stack.enter_context(contextlib.closing(SimBench(BenchSpec(period_us=1_000_000))))
        store = stack.enter_context(Store.open(path, START_US))
        logger = Logger(bench.open_port(), store, bench, 7, lambda event: None, 60.0)

        def log_until(hours):
            while bench.now_s() < hours * 3600:
                logger.step(2.0)

        log_until(0.5)
        server = stack.enter_context(serve(path, tmp_path / "token"))
        stack.callback(server.kill)
        address = re.search(r"http\S+", server.stdout.readline())[0]
        page = chromium.new_page()
        stack.callback(page.close)
        wrong = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{address}#/chamber/{bench.board.uid.hex()}")
        page.wait_for_selector(".plots[data-drawn]")
        page.click("button:text-is('1 h')")
        tools = page.context.new_cdp_session(page)
        seen = []
        for hours in range(6, HOURS + 1, 6):
            log_until(hours)
            page.wait_for_timeout(1500)
            seen.append(measured(page, tools, server.pid))
            print(hours, seen[-1])
        assert wrong == []
        assert page.inner_text("#link-state") == "live"
        early, late = seen[1], seen[-1]
        assert late.server < early.server + 24 * MB
        assert late.page < 1.2 * early.page + MB
        assert late.nodes < 1.2 * early.nodes + 200
        assert all(b.drawn > a.drawn for a, b in itertools.pairwise(seen))  # and it went on

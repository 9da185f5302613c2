"""A database of a simulated node, and the server on a port of its own."""

import contextlib
import http.client
import json
from dataclasses import dataclass

import pytest

import capability
from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.ingest.logger import Logger
from hullwatch.store import Store

TOKEN = "a-token-of-the-tests"
START_US = 1_767_225_600_000_000  # of virtual time


@pytest.fixture(scope="session")
def jar(tmp_path_factory):
    """Half an hour of a leaking jar at 10 Hz; (path, node)."""
    path = tmp_path_factory.mktemp("web") / "jar.db"
    with (
        contextlib.closing(SimBench(BenchSpec(seed=5))) as bench,
        Store.open(path, START_US) as store,
    ):
        logger = Logger(bench.open_port(), store, bench, 77, lambda event: None, 20.0)
        while bench.now_s() < 1810:
            logger.step(2.0)
        logger.finish()
        with store.reader() as reader:
            (node,) = reader.nodes()
    return path, node.node


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """Requests as a program on this machine makes them."""

    def __init__(self, port):
        self.port = port

    def __call__(self, path, method="GET", body=None, token=None, **headers):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, dict):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        with contextlib.closing(link):
            link.request(method, path, body, sent)
            answer = link.getresponse()
            return Answer(
                answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
            )

    def get(self, path, **query):
        text = "&".join(f"{name}={value}" for name, value in query.items())
        answer = self(f"/api/v1/{path}" + (f"?{text}" if text else ""))
        assert answer.status == 200, answer.body
        return answer.json


@contextlib.contextmanager
def servers():
    """A function that starts a server and gives its client; all end with the block."""
    capability.module("starlette")
    capability.module("uvicorn")
    from hullwatch.web.owners import Owners
    from hullwatch.web.server import in_thread, listening
    from hullwatch.web.site import Site

    with contextlib.ExitStack() as stack:

        def start(database, port=0, **rest):
            rest.setdefault("owners", Owners(database, list))
            rest.setdefault("now_utc_us", lambda: START_US + 1_810_000_000)
            listener = listening("127.0.0.1", port)
            client = Client(listener.getsockname()[1])
            server = stack.enter_context(contextlib.ExitStack())
            server.enter_context(in_thread(Site(database, token=TOKEN, **rest), listener))
            client.stop = server.close
            return client

        yield start


@pytest.fixture
def serving():
    with servers() as start:
        yield start


@pytest.fixture(scope="session")
def served(jar):
    """A client of a server of the jar, with its node."""
    with servers() as start:
        client = start(jar[0])
        client.node = jar[1]
        yield client


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium, that of the machine."""
    playwright = capability.module("playwright.sync_api")
    path = capability.executable("chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium):
    """A function that opens pages of a server; what they print or throw fails the test."""
    with contextlib.ExitStack() as stack:
        wrong = []

        def open_at(port, where="", **context):
            made = chromium.new_context(**context)
            stack.callback(made.close)
            page = made.new_page()
            page.set_default_timeout(20_000)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
            page.goto(f"http://127.0.0.1:{port}/{where}")
            return page

        open_at.wrong = wrong
        yield open_at
        assert [text for text in wrong if "net::ERR_" not in text] == []

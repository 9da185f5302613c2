"""Who may ask what: origins, names, tokens, sizes, patience."""

import contextlib
import socket

import pytest

TOKEN = "a-token-of-the-tests"


def test_every_answer_forbids_what_is_not_ours(served):
    for path in ("/", "/api/v1/nodes", "/api/v1/nothing", "/nothing"):
        policy = served(path).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
    assert served("/api/v1/nodes").headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in served("/api/v1/nodes").headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_another_name_is_refused_as_in_dns_rebinding(served, host):
    answer = served("/api/v1/nodes", Host=host)
    assert answer.status in (400, 403)
    assert b"leak_rate" not in answer.body


@pytest.mark.parametrize("host", ["localhost:{}", "127.0.0.1:{}", "[::1]:{}", "LocalHost:{}"])
def test_names_of_the_loopback_are_its_own(served, host):
    assert served("/api/v1/nodes", Host=host.format(served.port)).status == 200


def test_further_names_are_those_that_were_allowed(jar, serving):
    client = serving(jar[0], hosts=frozenset({"hull.example.org"}))
    assert client("/api/v1/nodes", Host="hull.example.org").status == 200
    assert client("/api/v1/nodes", Host="hull.example.com").status == 403


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}],
)
def test_another_origin_is_refused_even_with_the_token(served, headers):
    answer = served(f"/api/v1/nodes/{served.node}/test/abort", "POST", {}, token=TOKEN, **headers)
    assert answer.status == 403


ORDERS = ["nodes/NODE/test", "nodes/NODE/test/abort", "alarms/x/acknowledge"]


@pytest.mark.parametrize("path", ORDERS)
@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", "ü"])
def test_orders_take_the_token(served, path, token):
    path = f"/api/v1/{path.replace('NODE', served.node)}"
    sent = None if token is None else token.encode().decode("latin-1")
    assert served(path, "POST", {}, token=sent).status == 401
    assert served(path).status in (404, 405)


def test_orders_are_json_and_small(served):
    path = f"/api/v1/nodes/{served.node}/test"
    form = served(path, "POST", "recipe=a", TOKEN, Content_Type="application/x-www-form-urlencoded")
    assert form.status == 415
    assert served(path, "POST", "{", TOKEN, Content_Type="application/json").status == 415
    assert served(path, "POST", "[]", TOKEN, Content_Type="application/json").status == 415
    assert served(path, "POST", {"recipe": "x" * 20_000, "part": "a"}, TOKEN).status == 413
    deep = "[" * 9_000
    assert served(path, "POST", deep, TOKEN, Content_Type="application/json").status == 415
    assert served(path, "POST", {"part": "a"}, TOKEN).status == 422
    assert served(path, "POST", {"recipe": "jar", "part": "a"}, TOKEN).status == 404


def test_a_body_without_a_length_is_cut_too(served):
    with socket.create_connection(("127.0.0.1", served.port), 10) as link:
        link.sendall(
            f"POST /api/v1/nodes/{served.node}/test HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        with contextlib.suppress(OSError):
            for _ in range(64):
                link.sendall(b"1000\r\n" + b" " * 4096 + b"\r\n")
        assert b" 413 " in link.recv(4096)


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/static/../app.py", "/..%2fapp.py",
        "/%2Fetc%2Fpasswd", "//etc/passwd", "/app.js%00.html",
        "/vendor/..\\..\\app.py", "/__init__.py",
    ],
)  # fmt: skip
def test_no_path_leads_out(served, path):
    assert served(path).status in (400, 404)


def test_a_recipe_is_a_name_and_no_path(jar, serving, tmp_path):
    folder = tmp_path / "recipes"
    folder.mkdir()
    (tmp_path / "secret.toml").write_text('name = "secret"\n')
    client = serving(jar[0], recipes=folder)
    for name in ("../secret", str(tmp_path / "secret"), "..%2Fsecret", "", "\0"):
        answer = client(
            f"/api/v1/nodes/{jar[1]}/test", "POST", {"recipe": name, "part": "a"}, TOKEN
        )
        assert answer.status == 404


def test_without_an_owner_an_order_says_who_is_missing(jar, serving, tmp_path):
    (tmp_path / "jar.toml").write_text('name = "jar"\n')
    client = serving(jar[0], recipes=tmp_path)
    answer = client(f"/api/v1/nodes/{jar[1]}/test/abort", "POST", {}, TOKEN)
    assert (answer.status, answer.json["hint"]) == (503, "start hullwatch log")
    (recipe,) = client.get("recipes")["recipes"]
    assert "kind: is missing" in recipe["error"]


def test_who_connects_and_does_not_ask_is_hung_up_on(served, monkeypatch):
    from hullwatch.web import server

    monkeypatch.setattr(server, "_REQUEST_S", 0.2)
    with socket.create_connection(("127.0.0.1", served.port), 10) as link:
        link.sendall(b"GET / HT")
        assert link.recv(100) == b""
    assert served("/").status == 200


def test_long_heads_are_refused(served):
    with socket.create_connection(("127.0.0.1", served.port), 10) as link:
        with contextlib.suppress(OSError):
            for _ in range(100):
                link.sendall(b"x" * 10_000)
        with contextlib.suppress(ConnectionResetError):
            assert link.recv(100).startswith((b"HTTP/1.1 4", b""))
    assert served("/").status == 200


def test_a_node_of_a_hostile_name_is_data_and_not_a_page(served):
    answer = served("/api/v1/nodes/%3Cscript%3Ealert(1)%3C%2Fscript%3E/extent")
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/json"

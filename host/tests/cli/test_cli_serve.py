"""`hullwatch serve`: what it refuses, in one line; what it prints; how it ends."""

import signal
import socket
import sqlite3
import urllib.request

import pytest

import capability
from hullwatch import errors
from hullwatch.store import Store


@pytest.fixture
def db(home):
    capability.module("uvicorn")
    Store.open(home / "hullwatch.db", 0).close()
    return home / "hullwatch.db"


def test_no_database_yet(refused, files):
    assert "no database there" in refused(errors.StoreError.exit_code, "serve", "--db", "none.db")
    assert files() == []


def test_a_database_of_a_newer_schema(refused, db):
    database = sqlite3.connect(db)
    database.execute("PRAGMA user_version = 999")
    database.close()
    assert "newer Hullwatch" in refused(errors.NewerSchema.exit_code, "serve")


def test_a_file_of_another_program(refused, home):
    (home / "notes.db").write_text("shopping list\n" * 50)
    refused(errors.ForeignDatabase.exit_code, "serve", "--db", "notes.db")


def test_the_port_is_taken(refused, db):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        line = refused(errors.AddressTaken.exit_code, "serve", "--http-port", port)
    assert f"port {port} of 127.0.0.1 is taken" in line
    assert f"--http-port {port + 1}" in line


def test_an_address_that_is_none_of_ours(refused, db):
    refused(2, "serve", "--host", "192.0.2.1", "--token-file", _token(db))
    refused(2, "serve", "--host", "no such host", "--token-file", _token(db))


def _token(db):
    path = db.with_name("token.txt")
    path.write_text("0123456789abcdef\n")
    return path


def test_beyond_this_machine_only_with_a_token_of_ones_own(refused, db):
    assert "--token-file" in refused(2, "serve", "--host", "0.0.0.0")


@pytest.mark.parametrize(
    "text", ["", "short", "0123456789abcde\x00f", "0123456789äbcdef", "a\nb" * 9]
)
def test_tokens_that_are_none(refused, db, text):
    path = db.with_name("token.txt")
    path.write_text(text)
    refused(2, "serve", "--token-file", path)
    refused(2, "serve", "--token-file", path.with_name("missing.txt"))


def test_it_serves_until_it_is_ended_and_keeps_no_file_open(start, db):
    run = start("serve", "--http-port", "0")
    address = run.until(r"(http://127\.0\.0\.1:\d+/)\ntoken for orders")[1]
    with urllib.request.urlopen(f"{address}api/v1/nodes", timeout=10) as answer:
        assert b'"nodes":[]' in answer.read()
    run.signal(signal.SIGINT)
    assert run.end() == 130
    assert run.err.strip() == b""


def test_a_wider_address_says_how_to_put_tls_in_front(start, db):
    run = start("serve", "--host", "0.0.0.0", "--http-port", "0", "--token-file", _token(db))
    run.until("reverse-proxy")
    assert b"0123456789abcdef" not in run.out
    assert b"read everything" in run.out
    run.signal(signal.SIGTERM)
    assert run.end() == 130

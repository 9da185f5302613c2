"""Each channel against the real thing at its other end."""

import email
import email.policy
import hashlib
import hmac
import http.server
import json
import socket
import subprocess
import sys
import threading
import time

import pytest

import capability
from hullwatch.alarms.channels import KINDS, Undelivered
from hullwatch.errors import InputError

MESSAGE = {
    "id": "beef-3-1", "alarm": 3, "rule": "rapid", "severity": "alarm", "state": "active",
    "transition": "raised", "node": "e66138528350b42c", "chamber": "jar é",
    "text": "rapid loss: 3 Pa/s", "value": 3.0, "unit": "Pa/s", "times": 1,
    "raised_utc": "2026-03-01T00:00:00+00:00", "cleared_utc": None, "acknowledged_utc": None,
    "acknowledged_by": "",
}  # fmt: skip
HOSTILE = MESSAGE | {"chamber": "a\r\nBcc: all@example.org\r\n\r\nhi", "node": "+/#\n"}


def channel(kind, **table):
    return KINDS[kind].from_table("duty", table, "alarms.toml")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


# --- webhook ---------------------------------------------------------------------------------


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        if 300 <= self.server.status < 400:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def web():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.seen, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def url(server):
    return f"http://127.0.0.1:{server.server_address[1]}/hook"


def test_a_webhook_gets_the_message_signed(web, monkeypatch):
    monkeypatch.setenv("HOOK_KEY", "swordfish")
    channel("webhook", url=url(web), secret_env="HOOK_KEY").send(MESSAGE)
    ((path, headers, body),) = web.seen
    assert path == "/hook"
    assert json.loads(body) == MESSAGE
    assert headers["Idempotency-Key"] == "beef-3-1"
    signature = hmac.new(b"swordfish", body, hashlib.sha256).hexdigest()
    assert headers["X-Hullwatch-Signature"] == f"sha256={signature}"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_receipt(web, status):
    web.status = status
    with pytest.raises(Undelivered, match=str(status)):
        channel("webhook", url=url(web)).send(MESSAGE)
    assert len(web.seen) == 1


def test_nobody_listens():
    with pytest.raises(Undelivered):
        channel("webhook", url=f"http://127.0.0.1:{free_port()}/").send(MESSAGE)


def test_a_secret_that_is_not_set(web):
    with pytest.raises(Undelivered, match="NO_SUCH_KEY"):
        channel("webhook", url=url(web), secret_env="NO_SUCH_KEY").send(MESSAGE)
    assert web.seen == []


# --- e-mail ----------------------------------------------------------------------------------


class Sink:
    def __init__(self):
        self.mails = []
        self.answer = "250 taken"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  # the library calls it so
        if self.answer.startswith("250"):
            self.mails.append((envelope.rcpt_tos, envelope.content))
        return self.answer


@pytest.fixture
def smtp():
    controller = capability.module("aiosmtpd.controller")
    sink = Sink()
    made = controller.Controller(sink, hostname="127.0.0.1", port=free_port())
    made.start()
    sink.port = made.port
    yield sink
    made.stop()


def mail(sink):
    return channel(
        "mail", host="127.0.0.1", port=sink.port, security="none", sender="hull@example.org",
        to=["duty@example.org", "chief@example.org"],
    )  # fmt: skip


@pytest.mark.parametrize("message", [MESSAGE, HOSTILE], ids=["usual", "hostile"])
def test_a_mail_arrives_whole_and_nowhere_else(smtp, message):
    mail(smtp).send(message)
    ((to, content),) = smtp.mails
    assert to == ["duty@example.org", "chief@example.org"]
    got = email.message_from_bytes(content, policy=email.policy.default)
    assert got["Bcc"] is None
    assert got["Message-ID"] == "<beef-3-1@hullwatch.invalid>"
    assert "rapid loss: 3 Pa/s" in got["Subject"]
    assert "hullwatch alarms ack 3" in got.get_content()
    assert json.loads(got.get_content().splitlines()[-1]) == message


def test_a_server_that_refuses(smtp):
    smtp.answer = "451 later"
    with pytest.raises(Undelivered, match="later"):
        mail(smtp).send(MESSAGE)


def test_no_server():
    with pytest.raises(Undelivered):
        channel(
            "mail", host="127.0.0.1", port=free_port(), security="none", sender="a@example.org",
            to=["b@example.org"],
        ).send(MESSAGE)  # fmt: skip


# --- MQTT ------------------------------------------------------------------------------------


@pytest.fixture
def broker(tmp_path):
    program = capability.executable("mosquitto")
    port = free_port()
    conf = tmp_path / "mosquitto.conf"
    conf.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    process = subprocess.Popen([program, "-c", conf], stderr=subprocess.DEVNULL)
    end_s = time.monotonic() + 30
    while time.monotonic() < end_s:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield port
    process.terminate()
    process.wait()


def heard_on(port, topic, count):
    """What a subscriber that comes later hears."""
    mqtt = capability.module("paho.mqtt.client")
    enums = capability.module("paho.mqtt.enums")
    client = mqtt.Client(enums.CallbackAPIVersion.VERSION2)
    heard, done = [], threading.Event()

    def on_message(_client, _data, message):
        heard.append((message.topic, message.qos, json.loads(message.payload)))
        if len(heard) == count:
            done.set()

    client.on_message = on_message
    client.on_connect = lambda *_: client.subscribe(topic, qos=1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert done.wait(30)
    client.disconnect()
    client.loop_stop()
    return heard


def test_mqtt_keeps_the_newest_state_for_who_comes_later(broker):
    one = channel("mqtt", host="127.0.0.1", port=broker, topic="lab/hull")
    one.send(MESSAGE)
    one.send(MESSAGE | {"id": "beef-3-2", "transition": "cleared"})
    ((topic, qos, message),) = heard_on(broker, "lab/hull/#", 1)
    assert topic == "lab/hull/e66138528350b42c/rapid"
    assert qos == 1
    assert message["transition"] == "cleared"


def test_a_hostile_name_makes_no_topic(broker):
    channel("mqtt", host="127.0.0.1", port=broker).send(HOSTILE)
    ((topic, _, message),) = heard_on(broker, "#", 1)
    assert topic == "hullwatch/____/rapid"
    assert message == HOSTILE


def test_no_broker():
    with pytest.raises(Undelivered):
        channel("mqtt", host="127.0.0.1", port=free_port()).send(MESSAGE)


# --- command ---------------------------------------------------------------------------------


def test_a_command_gets_the_message_and_no_shell_sees_it(tmp_path):
    out = tmp_path / "told"
    script = (
        "import os,sys,pathlib; pathlib.Path(sys.argv[1]).write_text("
        "os.environ['HULLWATCH_ALARM_ID'] + '\\n' + sys.stdin.read())"
    )
    message = MESSAGE | {"text": "$(touch hacked); `id`\0"}
    channel("command", run=[sys.executable, "-c", script, str(out)]).send(message)
    name, _, body = out.read_text().partition("\n")
    assert name == "beef-3-1"
    assert json.loads(body) == message


def test_a_command_that_fails_says_why():
    failing = [sys.executable, "-c", "import sys; sys.exit('no siren')"]
    with pytest.raises(Undelivered, match="exit code 1 no siren"):
        channel("command", run=failing).send(MESSAGE)
    with pytest.raises(Undelivered, match="No such file"):
        channel("command", run=["./no-such-siren"]).send(MESSAGE)


@pytest.mark.parametrize(
    ("kind", "table", "why"),
    [
        ("webhook", {}, "url is missing"),
        ("webhook", {"url": "ftp://x/"}, "url is 'ftp://x/'"),
        ("webhook", {"url": "https://x/", "colour": 1}, "unknown key 'colour'"),
        ("mail", {"host": "h", "sender": "me", "to": ["b@x.org"]}, "'me' is no address"),
        ("mail", {"host": "h", "sender": "a@x.org", "to": []}, "to is empty"),
        (
            "mail",
            {"host": "h", "port": True, "sender": "a@x.org", "to": ["b@x.org"]},
            "port is True",
        ),
        ("mail", {"host": "h", "security": "ssl3", "sender": "a@x.org", "to": ["b@x.org"]}, "ssl3"),
        ("mqtt", {"host": "h", "topic": "a/#"}, "topic is 'a/#'"),
        ("mqtt", {"host": "h", "port": 0}, "port is 0"),
        ("command", {"run": "siren --on"}, "run is 'siren --on'"),
        ("command", {"run": []}, "run is"),
    ],
)
def test_a_channel_that_cannot_work_is_refused(kind, table, why):
    with pytest.raises(InputError) as refused:
        channel(kind, **table)
    assert refused.value.message.startswith("alarms.toml")
    assert why in refused.value.message
    assert refused.value.hint

"""E-mail by SMTP."""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any, ClassVar

from hullwatch.alarms.channels.base import (
    TIMEOUT_S,
    Channel,
    Message,
    Undelivered,
    one_line,
    secret,
)
from hullwatch.errors import InputError

_SECURITY = ("starttls", "tls", "none")


class MailChannel(Channel):
    """One mail a message; its Message-ID is the message's id, so that doubles can be told."""

    fields: ClassVar = {
        "host": (str, ...), "port": (int, 587), "security": (str, "starttls"),
        "sender": (str, ...), "to": (list, ...), "user": (str, ""), "password_env": (str, ""),
    }  # fmt: skip

    @classmethod
    def check(cls, values: Mapping[str, Any], where: str) -> None:
        """Addresses must be addresses."""
        if values["security"] not in _SECURITY:
            raise InputError(
                f"{where}: security is {values['security']!r}", f"one of {', '.join(_SECURITY)}"
            )
        if not values["to"]:
            raise InputError(f"{where}: to is empty", 'to = ["duty@example.org"]')
        if not 0 < values["port"] < 65536:
            raise InputError(f"{where}: port is {values['port']}", "587, 465 or 25 as a rule")
        for text in (values["sender"], *values["to"]):
            try:
                Address(addr_spec=text)
            except (ValueError, IndexError, TypeError, AttributeError) as error:
                raise InputError(f"{where}: {text!r} is no address", "name@host") from error

    def send(self, message: Message) -> None:
        """Hand it to the server."""
        values = self.values
        mail = EmailMessage()
        mail["From"], mail["To"] = values["sender"], ", ".join(values["to"])
        mail["Subject"] = one_line(
            f"[Hullwatch] {message['severity']} {message['transition']}: {message['chamber']}:"
            f" {message['text']}"
        )[:200]
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<{message['id']}@hullwatch.invalid>"
        mail.set_content(_body(message))
        try:
            with self._server() as server:
                if values["user"]:
                    server.login(values["user"], secret(values["password_env"]))
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered(str(error) or type(error).__name__) from error

    def _server(self) -> smtplib.SMTP:
        where = (self.values["host"], self.values["port"])
        if self.values["security"] == "tls":
            return smtplib.SMTP_SSL(*where, timeout=TIMEOUT_S, context=ssl.create_default_context())
        server = smtplib.SMTP(*where, timeout=TIMEOUT_S)
        if self.values["security"] == "starttls":
            server.starttls(context=ssl.create_default_context())
        return server


def _body(message: Message) -> str:
    lines = [
        f"{message['text']}", "",
        f"chamber     {one_line(message['chamber'])} (node {message['node']})",
        f"rule        {message['rule']}, {message['severity']}",
        f"state       {message['state']} ({message['transition']})",
        f"raised      {message['raised_utc']}",
    ]  # fmt: skip
    if message["state"] in ("active", "cleared"):
        lines += ["", f"acknowledge with: hullwatch alarms ack {message['alarm']}"]
    return "\n".join([*lines, "", json.dumps(message, ensure_ascii=False), ""])

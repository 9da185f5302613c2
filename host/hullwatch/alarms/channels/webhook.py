"""HTTP POST of the message as JSON."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from hullwatch.alarms.channels.base import TIMEOUT_S, Channel, Message, Undelivered, secret
from hullwatch.errors import InputError


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A POST that is redirected would arrive as a GET without its body."""

    def redirect_request(self, *_args: object, **_more: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


class WebhookChannel(Channel):
    """Any 2xx answer is a receipt. `Idempotency-Key` is the message's id.

    With `secret_env`, `X-Hullwatch-Signature` is `sha256=` and the HMAC-SHA256 of the body in hex.
    """

    fields: ClassVar = {"url": (str, ...), "secret_env": (str, "")}

    @classmethod
    def check(cls, values: Mapping[str, Any], where: str) -> None:
        """It must be a URL of HTTP."""
        parts = urlsplit(values["url"])
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InputError(f"{where}: url is {values['url']!r}", "https://host/path")

    def send(self, message: Message) -> None:
        """POST it."""
        body = json.dumps(message, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": str(message["id"]),
            "User-Agent": "hullwatch",
        }
        if self.values["secret_env"]:
            key = secret(self.values["secret_env"]).encode()
            signature = hmac.new(key, body, hashlib.sha256).hexdigest()
            headers["X-Hullwatch-Signature"] = f"sha256={signature}"
        request = urllib.request.Request(
            self.values["url"], data=body, headers=headers, method="POST"
        )
        try:
            with _OPENER.open(request, timeout=TIMEOUT_S) as answer:
                answer.read(1000)
        except urllib.error.HTTPError as error:
            with error:
                raise Undelivered(f"the answer was {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            raise Undelivered(str(error) or type(error).__name__) from error

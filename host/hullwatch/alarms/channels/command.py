"""Any program of the user's: a siren, a text message, a script."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any, ClassVar

from hullwatch.alarms.channels.base import TIMEOUT_S, Channel, Message, Undelivered
from hullwatch.errors import InputError


class CommandChannel(Channel):
    """Run without a shell; the message is JSON on its input. Exit code 0 is the receipt.

    HULLWATCH_ALARM_ID, _RULE, _SEVERITY, _TRANSITION and _TEXT are in its environment too.
    """

    fields: ClassVar = {"run": (list, ...)}

    @classmethod
    def check(cls, values: Mapping[str, Any], where: str) -> None:
        """A list of texts, the first of which is the program."""
        run = values["run"]
        if not run or not all(isinstance(part, str) and part for part in run):
            raise InputError(f"{where}: run is {run!r}", 'run = ["/usr/local/bin/siren", "--on"]')

    def send(self, message: Message) -> None:
        """Run it to its end."""
        names = ("id", "rule", "severity", "transition", "text")
        told = {
            f"HULLWATCH_ALARM_{name.upper()}": str(message[name]).replace("\0", "")
            for name in names
        }
        try:
            done = subprocess.run(
                self.values["run"], input=json.dumps(message).encode(), capture_output=True,
                timeout=TIMEOUT_S, check=False, env={**os.environ, **told},
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise Undelivered(f"it did not end within {TIMEOUT_S:g} s") from error
        except OSError as error:
            raise Undelivered(f"{self.values['run'][0]}: {error.strerror}") from error
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise Undelivered(f"exit code {done.returncode} {' '.join(last)}".strip())

"""MQTT: one topic for each chamber and rule, quality of service 1."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from typing import Any, ClassVar

from hullwatch.alarms.channels.base import TIMEOUT_S, Channel, Message, Undelivered, secret
from hullwatch.errors import InputError, MissingCapability


class MqttChannel(Channel):
    """Published to `topic`/NODE/RULE, retained: who connects later sees the state as it is.

    Quality 1: the broker's PUBACK is the receipt; a message may come twice, with the same id.
    """

    fields: ClassVar = {
        "host": (str, ...), "port": (int, 1883), "topic": (str, "hullwatch"), "tls": (bool, False),
        "user": (str, ""), "password_env": (str, ""),
    }  # fmt: skip

    @classmethod
    def check(cls, values: Mapping[str, Any], where: str) -> None:
        """A topic to publish to has no wildcards; the library must be there."""
        topic = values["topic"]
        if not topic or any(c in topic for c in "+#\0") or topic.startswith(("/", "$")):
            raise InputError(f"{where}: topic is {topic!r}", "plain words with / between them")
        if not 0 < values["port"] < 65536:
            raise InputError(f"{where}: port is {values['port']}", "1883, or 8883 with TLS")
        try:
            import paho.mqtt.client  # noqa: F401  # an extra
        except ImportError as error:
            raise MissingCapability(
                f"{where}: MQTT is not installed", "pip install 'hullwatch[alarms]'"
            ) from error

    def send(self, message: Message) -> None:
        """Connect, publish, wait for the broker's receipt, leave."""
        from paho.mqtt import client as mqtt
        from paho.mqtt import enums

        values = self.values
        client = mqtt.Client(enums.CallbackAPIVersion.VERSION2)
        client.connect_timeout = TIMEOUT_S
        if values["tls"]:
            client.tls_set_context(ssl.create_default_context())
        if values["user"]:
            client.username_pw_set(values["user"], secret(values["password_env"]))
        topic = "/".join((values["topic"], _level(message["node"]), _level(message["rule"])))
        try:
            client.connect(values["host"], values["port"])
            client.loop_start()
            body = json.dumps(message, ensure_ascii=False)
            taken = client.publish(topic, body, qos=1, retain=True)
            taken.wait_for_publish(TIMEOUT_S)
            if not taken.is_published():
                raise Undelivered("the broker gave no receipt")
        except (OSError, ValueError, RuntimeError) as error:
            raise Undelivered(str(error) or type(error).__name__) from error
        finally:
            client.disconnect()
            client.loop_stop()


def _level(text: object) -> str:
    """One level of a topic: names are other people's."""
    return "".join(c if c.isprintable() and c not in "+#/" else "_" for c in str(text)) or "_"

"""Ways to tell somebody: each takes one message and returns only when it has been received."""

from __future__ import annotations

from hullwatch.alarms.channels.base import Channel, Message, Undelivered
from hullwatch.alarms.channels.command import CommandChannel
from hullwatch.alarms.channels.mail import MailChannel
from hullwatch.alarms.channels.mqtt import MqttChannel
from hullwatch.alarms.channels.webhook import WebhookChannel

KINDS: dict[str, type[Channel]] = {
    "webhook": WebhookChannel,
    "mail": MailChannel,
    "mqtt": MqttChannel,
    "command": CommandChannel,
}
"""By the name used in the alarm file."""

__all__ = ["KINDS", "Channel", "Message", "Undelivered"]

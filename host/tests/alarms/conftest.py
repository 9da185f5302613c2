"""An alarm log, findings by hand, and a channel that keeps what it is told."""

from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from hullwatch.alarms.channels import Channel, Undelivered
from hullwatch.alarms.findings import Facts
from hullwatch.alarms.settings import AlarmSettings, RuleSettings
from hullwatch.store.alarmlog import AlarmLog

NOW_US = 1_700_000_000_000_000
MINUTE_US = 60_000_000


class Kept(Channel):
    """Takes every message, or refuses while `down`."""

    fields: ClassVar = {}

    def __init__(self, name="kept"):
        super().__init__(name, {})
        self.down = False
        self.messages = []

    @classmethod
    def check(cls, values, where):
        """Nothing to check."""

    def send(self, message):
        if self.down:
            raise Undelivered("it is down")
        self.messages.append(message)


@dataclass
class Desk:
    """A log with its engine's settings and one channel."""

    log: AlarmLog
    channel: Kept = field(default_factory=Kept)
    remind_s: float = 0.0
    least: str = "warning"

    def settings(self, *rules):
        return AlarmSettings(rules, ((self.channel, self.least),), self.remind_s)


@pytest.fixture
def desk(tmp_path):
    with AlarmLog.beside(tmp_path / "hull.db") as log:
        yield Desk(log)


@pytest.fixture(scope="session")
def silent_rule():
    return RuleSettings("node_silent", "alarm", 600.0)


@pytest.fixture(scope="session")
def heard():
    """Facts of a node that was heard so many minutes ago."""

    def make(minutes, now_us=NOW_US, node="a1"):
        return Facts(node, "jar", now_us, now_us - minutes * MINUTE_US, (), (), ())

    return make


@pytest.fixture(scope="session")
def desk_of():
    return Desk


@pytest.fixture(scope="session")
def kept():
    return Kept

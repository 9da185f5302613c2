"""Permissions: what is seen, and what is advised."""

import contextlib
import os
import sys
from pathlib import Path

import pytest

from hullwatch.transport.access import PortAccess, access_findings, access_hint, port_access
from hullwatch.transport.openers import openers_of


def seen(**facts):
    usual = {
        "device": "/dev/ttyACM0", "exists": True, "allowed": False, "group": "dialout",
        "listed": False, "active": False,
    }  # fmt: skip
    return PortAccess(**(usual | facts))


@pytest.mark.parametrize(
    ("access", "advice"),
    [
        (seen(), "sudo usermod -aG dialout $USER"),
        (seen(group="uucp"), "sudo usermod -aG uucp $USER"),
        (seen(listed=True), "log out and in again"),
        (seen(listed=True, active=True), "udev rule"),
        (seen(group="root"), "udev rule"),
        (seen(exists=False), "plug the board in"),
    ],
)
def test_each_cause_has_its_remedy(access, advice):
    [finding] = access_findings(access)
    assert not finding.ok
    assert advice in finding.hint
    assert "/dev/ttyACM0" in finding.what


def test_nothing_to_advise_when_all_is_well():
    [finding] = access_findings(seen(allowed=True))
    assert finding.ok
    assert finding.hint == ""


def test_the_facts_of_a_file(tmp_path):
    device = tmp_path / "tty"
    device.touch()
    access = port_access(str(device))
    assert access.exists
    assert access.allowed
    assert access.active  # a new file has the group of its maker
    assert not port_access(str(tmp_path / "none")).exists
    assert access_hint(str(device))  # refused all the same: there is something to say


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system has no /proc")
def test_the_programs_that_have_a_device_open():
    master, slave = os.openpty()
    with contextlib.ExitStack() as both:
        both.callback(os.close, master)
        path = os.ttyname(slave)
        assert openers_of(path) == [f"{_own_name()} (process {os.getpid()})"]
        os.close(slave)
        assert openers_of(path) == []


def test_a_system_without_proc_knows_nobody(tmp_path):
    assert openers_of(sys.executable, tmp_path) == []


def _own_name():
    return Path("/proc/self/comm").read_text().strip()

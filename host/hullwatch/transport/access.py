"""Whether this user may open a port, and what to do when not."""

from __future__ import annotations

import grp
import os
import pwd
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PortAccess:
    """What decides about opening a device: its group and the user's membership.

    ``listed`` says that the group file names the user, ``active`` that this login session is in
    the group; the second follows the first only at the next login.
    """

    device: str
    exists: bool
    allowed: bool
    group: str
    listed: bool
    active: bool


@dataclass(frozen=True)
class Finding:
    """One fact about the machine: fine or not, and the remedy when not."""

    ok: bool
    what: str
    hint: str = ""


def port_access(device: str) -> PortAccess:
    """Look at a device and at the groups of the user of this process."""
    try:
        gid = Path(device).stat().st_gid
    except OSError:
        return PortAccess(device, False, False, "", False, False)
    return PortAccess(
        device=device,
        exists=True,
        allowed=os.access(device, os.R_OK | os.W_OK),
        group=_group_name(gid),
        listed=gid in _listed_groups(),
        active=gid in (os.getegid(), *os.getgroups()),
    )


def access_findings(access: PortAccess) -> list[Finding]:
    """What to tell about a port's permissions; a pure function of what was seen."""
    if not access.exists:
        return [Finding(False, f"{access.device} does not exist", "plug the board in")]
    if access.allowed:
        return [Finding(True, f"{access.device} may be opened")]
    if access.listed and not access.active:
        hint = f"you are in group {access.group} since after you logged in: log out and in again"
    elif access.active or access.group == "root":
        hint = "the group may not open it either: a udev rule for the board has to allow it"
    else:
        hint = f"run: sudo usermod -aG {access.group} $USER, then log out and in again"
    return [Finding(False, f"{access.device} may not be opened by you", hint)]


def access_hint(device: str) -> str:
    """The remedy for a port that was refused to this user."""
    findings = access_findings(port_access(device))
    return findings[0].hint or "the system denies it: is this a container without the device?"


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _listed_groups() -> list[int]:
    """Groups of this user by the user database, whatever the login session has."""
    try:
        user = pwd.getpwuid(os.geteuid())
    except KeyError:
        return []
    return os.getgrouplist(user.pw_name, user.pw_gid)

"""Version of the firmware; the host package takes its own from here."""

MAJOR = 0
MINOR = 1
PATCH = 0

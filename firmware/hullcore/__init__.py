"""Integer leak-rate core: no I/O, no clock, no float; runs on CPython and MicroPython."""

VERSION = "0.1.0"

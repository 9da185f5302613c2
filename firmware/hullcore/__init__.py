"""Integer leak-rate core: no I/O, no clock, no floats; the same files on CPython and MicroPython."""

VERSION = "0.1.0"

"""Bench `pico-emu`: MicroPython for the Pico on an emulated RP2040, in emulated time."""

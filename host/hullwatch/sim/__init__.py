"""Simulated hardware: the chamber's physics and the chips on its I2C bus.

Nothing here is imported by the code that talks to a real node.
"""

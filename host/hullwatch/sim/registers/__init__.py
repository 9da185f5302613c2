"""Sensor chips as their data sheets describe them: registers, timing, quantisation."""

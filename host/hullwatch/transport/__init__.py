"""Ports to nodes: finding, opening, reading, writing. Nothing else imports pyserial."""

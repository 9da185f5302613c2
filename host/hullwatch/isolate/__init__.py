"""Where it leaks: which hatch to close next, and what the two sides' slopes say. No I/O.

`layout` is what is known of the sections, `search` the procedure; see `docs/isolation.md`.
"""

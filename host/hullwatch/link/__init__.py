"""The link to a node, without I/O: bytes in, events out. Tables, frames, session, credit."""

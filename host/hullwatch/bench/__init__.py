"""Benches: a node with a chamber, simulated or real, behind a port. See `bench.base.Bench`."""

"""Leak tests that a node runs by itself: recipes as TOML, starting and following them, verdicts."""

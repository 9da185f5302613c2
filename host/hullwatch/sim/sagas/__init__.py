"""Sagas: years of a station as TOML files, played by `hullwatch demo --scenario NAME`."""

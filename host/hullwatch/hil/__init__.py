"""Hardware in the loop: a pytest plugin, benches declared in TOML, evidence, a report."""

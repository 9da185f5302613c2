"""The dashboard: a read-only JSON API, a stream of changes and the pages that show them."""

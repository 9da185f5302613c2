"""From the wire to the store: one node's frames gathered, committed, and only then acked."""

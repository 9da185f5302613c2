"""Everything that puts firmware onto a node."""

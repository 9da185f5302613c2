"""The store's contents in other programs' formats."""

"""Alarms that reach people: rules over the store, latched till acknowledged, told till received."""

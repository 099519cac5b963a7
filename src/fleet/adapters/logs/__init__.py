"""Implementations of `fleet.ports.log`: SQLite for one machine, and an in-memory double that obeys the same
law.

Both seal their records in the same way: `canonical` gives an event its one spelling, `record` chains and
checks it.
"""

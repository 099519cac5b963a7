"""Ports: one small protocol each, with its law in the docstring. Data and protocols only, no I/O."""

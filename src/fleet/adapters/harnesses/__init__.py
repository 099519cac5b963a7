"""Harnesses: one file for each kind of agent program; they do not know each other."""

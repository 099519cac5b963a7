"""Sandboxes: how a session is kept to its room."""

"""Notifiers: how people are told that something waits for them."""

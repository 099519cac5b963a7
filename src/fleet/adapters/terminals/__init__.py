"""Terminals: where people look at live runs. One in tmux, and none for machines without it."""

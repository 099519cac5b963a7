"""Surfaces: where people and agents meet Fleet. They draw views and pass on wishes; they hold no rule."""

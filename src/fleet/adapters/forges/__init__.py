"""Forges: where issues, pull requests and people's answers live outside of Fleet's log. One folder each."""

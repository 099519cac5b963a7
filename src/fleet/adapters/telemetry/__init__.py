"""Telemetry: what happened, sent to where a team looks at it."""

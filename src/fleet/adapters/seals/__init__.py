"""Seals of the log: a key, a Merkle tree over the records, signed checkpoints of it, and attestations.

Everything here is a form that others know: RFC 6962 trees, C2SP signed notes and checkpoints, in-toto
statements in DSSE envelopes, Ed25519.
"""

"""The per-run process: starts one harness, records it, bounds it, and outlives whoever asked for it.

It is run as a script (`python -I -S shim.py RUN_DIR`), uses the standard library alone and imports nothing of
the rest of Fleet. The order in which to read it: shim (entry), life (the whole story), launch (up to the
harness's exec), watch (while it runs), tape (what it says), feed (what it is told), tree (what it leaves
behind).
"""

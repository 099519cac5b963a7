"""The engine: follow the log, decide, append, perform, and mend what a crash left. It sees ports, never
adapters.

Read in this order: loop (the heart), journal (state and log), perform (wish → deed), effects/ (a file a
deed), observe (what sessions say), recover (after a restart), desk (what agents may ask).
"""

"""Nouns: frozen data without I/O. Everything else may use this floor; it uses nothing."""

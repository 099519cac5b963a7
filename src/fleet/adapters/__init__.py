"""The outer world, one folder per port; the kinds do not know each other, and only the wiring names them."""

"""What each endpoint does, a file per subject. They answer for people's moves in tests and for gh alike."""

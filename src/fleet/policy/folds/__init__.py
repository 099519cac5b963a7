"""What each type of event changes in the state: one small function a type, a file for each kind of record."""

"""Pages: each draws one kind of thing from a `Look`. They hold no rule and change nothing."""

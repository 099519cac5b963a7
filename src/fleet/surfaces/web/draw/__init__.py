"""Drawing: the small things that pages are made of. Plain functions from plain data to `Html`."""

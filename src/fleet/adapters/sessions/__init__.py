"""Sessions: real ones, over a shim process each, that are found again by the files they leave."""

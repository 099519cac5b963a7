"""Sessions: real ones over a shim process each, a double in memory, and screens in tmux to look at them."""

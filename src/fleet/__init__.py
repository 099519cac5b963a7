"""Fleet runs a group of AI coding agents as one managed system."""

"""Views: what is true, as plain data for every surface alike. Pure functions of the state."""

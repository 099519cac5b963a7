"""The gateway: the only door out of a session. What a running agent may ask, over a socket and over MCP."""

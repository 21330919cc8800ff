"""Commands of nautobot-server."""

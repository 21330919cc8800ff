"""Servers that behave like the documented Microsoft Graph and Microsoft's login server, with TLS on loopback."""

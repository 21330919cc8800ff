"""Untrusted messages: headers, parts, text, sender authentication. No Django."""

"""Messages as strangers send them: headers, parts, text, sender authentication. No Django."""

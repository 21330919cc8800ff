"""Messages in files: a folder or a Maildir."""

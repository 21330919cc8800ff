"""The whole way of a mail: a real IMAP server, the real Job, a real database."""

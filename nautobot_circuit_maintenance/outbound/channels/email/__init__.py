"""Email over SMTP: one message for each address."""

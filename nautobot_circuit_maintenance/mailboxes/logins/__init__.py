"""Logging in, apart from reading: what gets the access tokens that more than one mailbox kind uses."""

"""Attacks through the web: what unknown senders write by mail, what other sites and colleagues send, what errors give away."""

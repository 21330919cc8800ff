"""Attacks through the web: what strangers write by mail, what other sites and colleagues send, what errors give away."""

"""Taught layouts: what a person confirmed about one email of a provider reads the next ones, or refuses them with a reason."""

"""Applies what notifications say about maintenances."""

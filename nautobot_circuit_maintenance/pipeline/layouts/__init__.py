"""Taught layouts: reading with them, teaching and trying them, sharing them as files."""

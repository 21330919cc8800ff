"""Benchmark of the app."""

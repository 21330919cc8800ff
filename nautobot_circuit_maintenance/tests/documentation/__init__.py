"""The documentation is true: its examples run, and what must be told is told."""

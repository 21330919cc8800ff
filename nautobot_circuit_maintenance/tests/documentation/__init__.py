"""The documentation is true: its examples run, and it is complete."""

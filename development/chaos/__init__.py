"""Real faults while real parts work."""

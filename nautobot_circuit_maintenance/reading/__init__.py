"""From the parts of a message to updates."""

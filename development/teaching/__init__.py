"""How well taught layouts read: `invoke teach-report` prints the figures of docs/dev/reading.md."""

"""How good the second opinion is: `invoke second-opinion` prints the figures of docs/dev/reading.md."""

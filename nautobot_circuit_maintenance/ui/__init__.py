"""How values and links look on every page."""

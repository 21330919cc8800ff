"""The demo: the app with sample emails."""

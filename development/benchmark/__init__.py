"""What the app costs."""

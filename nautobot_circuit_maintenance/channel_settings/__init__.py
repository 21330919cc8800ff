"""What PLUGINS_CONFIG says about channels, as values; without Django, and read before there are models."""

"""Tests that drive a browser; see `invoke e2e`."""

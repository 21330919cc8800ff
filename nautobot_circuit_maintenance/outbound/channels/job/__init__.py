"""Runs a job of Nautobot before and after each window: to drain circuits, and to put traffic back."""

"""Tests of the way from a mailbox to a maintenance."""

"""Tests of taught layouts: learning from examples, over messages that were never tuned on."""

"""Tests of the takeover from the older package of this name."""

"""Tests of the questions asked of the stored data."""

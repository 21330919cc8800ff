"""Tests of reading updates."""

"""Tests of the silences, without a database."""

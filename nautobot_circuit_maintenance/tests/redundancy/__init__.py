"""Tests of the assessment of redundancy, without a database."""

"""Tests of the tools in this folder."""

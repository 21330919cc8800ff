"""Tests of jobs before and after windows."""

"""Tests of the second opinion: candidates and gates over the corpus and over messages that were never tuned on."""

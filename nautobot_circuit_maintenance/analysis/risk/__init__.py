"""The risk of losing redundancy, of what is stored: which circuits and sites count, what takes them down, and what follows.

``analysis.redundancy`` computes it.
"""

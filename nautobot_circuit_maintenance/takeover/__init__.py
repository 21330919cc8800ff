"""Takes over the tables of the older package of this name: sets them aside, copies their rows, keeps account of each.

Migrations import it, so it imports of the app only what reads a message. What it writes, it writes through the models of the
migration that calls it.
"""

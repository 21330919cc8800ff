"""Questions asked of the stored data: no HTTP, no forms, and the time is a parameter.

Everywhere, ``user`` is whose permissions decide what counts, moments are aware, and weeks and months of a calendar are those of
the active time zone.
"""

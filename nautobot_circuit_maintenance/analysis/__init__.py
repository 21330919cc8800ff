"""Questions about the stored data: no HTTP, no forms, and the time is a parameter.

Each function takes a ``Visibility``, which decides what counts. Moments are aware; weeks and months are those of the active time zone.
"""

"""Which sites lose every way to the core, or keep a single one, and when: values in, values out.

No database, no clock, no Django: ``assessing.assess`` takes a ``Topology`` and the outages of its circuits. ``analysis.risk`` reads both.
"""

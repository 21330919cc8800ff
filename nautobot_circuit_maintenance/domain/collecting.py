"""Python's search for garbage, where it would find none."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Iterator[None]:
    """Build tens of thousands of objects that are all in use: looking at them again and again costs as much as building them.

    For a moment, and for the whole process. Whatever several threads do, none leaves the collector switched off.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()

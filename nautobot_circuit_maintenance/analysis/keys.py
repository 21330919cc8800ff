"""Primary keys as text, for questions that read thousands of rows: Python needs ten times as long for a UUID, and hashes it slowly."""

from django.db.models import TextField
from django.db.models.functions import Cast


def as_text(path: str) -> Cast:
    """Return the key that a path leads to, as the database writes it; the same for the same key wherever it is read."""
    return Cast(path, TextField())

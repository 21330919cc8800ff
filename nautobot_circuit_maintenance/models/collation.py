"""What the unique keys of the database compare, which Python has to know before it inserts."""

import unicodedata

from django.db import connection


def as_unique(text: str) -> str:
    """Return a string as a unique key compares it: those of MySQL ignore case and accents, those of PostgreSQL nothing."""
    if connection.vendor == "postgresql":
        return text
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))

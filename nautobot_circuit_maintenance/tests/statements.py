"""What the database was asked, in the same words on each of them."""

from collections.abc import Iterable


def statements(queries: Iterable[dict[str, str]]) -> list[str]:
    """Return the statements that were captured, with names in the quotes of PostgreSQL; MySQL has others."""
    return [each["sql"].replace("`", '"') for each in queries]

"""Rewrites the text of a saved GraphQL query: fields that have another name with us keep their old one as an alias."""

from typing import Any

from graphql import FieldNode, GraphQLError, Visitor, parse, visit

_OLD = "circuitimpact_set"
_OF_A_CIRCUIT = ("circuit", "circuits")


class _Finder(Visitor):
    """Finds the fields to rewrite, with the field that contains each."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[FieldNode, str]] = []
        self._path: list[str] = []

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Remember a field that has another name with us."""
        if node.name.value == _OLD:
            self.found.append((node, self._path[-1] if self._path else ""))
        self._path.append(node.name.value)

    def leave_field(self, *_: Any) -> None:
        """Leave a field."""
        self._path.pop()


def rewritten(query: str) -> str | None:
    """Return a query in our words; None if it cannot be read."""
    finder = _Finder()
    try:
        visit(parse(query), finder)
    except GraphQLError:
        return None
    for node, parent in reversed(finder.found):
        name = "maintenance_impacts" if parent in _OF_A_CIRCUIT else "impacts"
        assert node.name.loc  # nosec B101  # the parser sets it
        start, end = node.name.loc.start, node.name.loc.end
        alias = "" if node.alias else f"{_OLD}: "
        query = f"{query[:start]}{alias}{name}{query[end:]}"
    return query

"""Base of the GraphQL types: related objects that the user may not view are hidden."""

from typing import Any

from django.db.models import Model
from graphql import GraphQLError, GraphQLResolveInfo
from nautobot.apps.graphql import OptimizedNautobotObjectType

from nautobot_circuit_maintenance.compat import GRAPHQL_RESTRICTS_RELATED


class RestrictedObjectType(OptimizedNautobotObjectType):
    """A type that checks each object if core does not restrict related objects."""

    class Meta:
        abstract = True

    @classmethod
    def is_type_of(cls, root: Any, info: GraphQLResolveInfo) -> bool:
        """Return whether an object is of this type; GraphQL calls this before it resolves the object.

        Raises GraphQLError, which replaces the object with null, if the user may not view it.
        """
        if not GRAPHQL_RESTRICTS_RELATED and isinstance(root, Model) and root.pk not in _permitted(info, type(root)):
            raise GraphQLError("You may not view this object.")
        return bool(super().is_type_of(root, info))


def _permitted(info: GraphQLResolveInfo, model: type[Any]) -> set[Any]:
    """Return the primary keys of a model that the user may view, with one query per request."""
    known: dict[type[Any], set[Any]] = info.context.__dict__.setdefault("_circuit_maintenance_permitted", {})
    if model not in known:
        known[model] = set(model.objects.restrict(info.context.user, "view").values_list("pk", flat=True))
    return known[model]

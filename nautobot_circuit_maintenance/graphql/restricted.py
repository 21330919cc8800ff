"""The base of our GraphQL types: nobody gets an object that he may not view, whatever it hangs on."""

from typing import Any

from django.db.models import Model
from graphql import GraphQLError, GraphQLResolveInfo
from nautobot.apps.graphql import OptimizedNautobotObjectType

from nautobot_circuit_maintenance.compat import GRAPHQL_RESTRICTS_RELATED


class RestrictedObjectType(OptimizedNautobotObjectType):
    """A type whose objects are checked one by one where core does not restrict related objects."""

    class Meta:
        abstract = True

    @classmethod
    def is_type_of(cls, root: Any, info: GraphQLResolveInfo) -> bool:
        """Tell whether an object is of this type; GraphQL asks before it answers anything about one.

        Raises GraphQLError, which puts null in its place, if the user may not view it.
        """
        if not GRAPHQL_RESTRICTS_RELATED and isinstance(root, Model) and root.pk not in _permitted(info, type(root)):
            raise GraphQLError("You may not view this object.")
        return bool(super().is_type_of(root, info))


def _permitted(info: GraphQLResolveInfo, model: type[Any]) -> set[Any]:
    """Return the keys of what the user of a request may view of a model, with one query for each request."""
    known: dict[type[Any], set[Any]] = info.context.__dict__.setdefault("_circuit_maintenance_permitted", {})
    if model not in known:
        known[model] = set(model.objects.restrict(info.context.user, "view").values_list("pk", flat=True))
    return known[model]

"""Permissions of the app's own REST actions."""

from typing import Any

from nautobot.core.api.authentication import TokenPermissions
from rest_framework.request import Request


class ChangePermission(TokenPermissions):
    """Require the permission to change for a POST; core requires the permission to add."""

    perms_map = {**TokenPermissions.perms_map, "POST": ["%(app_label)s.change_%(model_name)s"]}


class ChangeActionsMixin:
    """A view set whose actions with ``ChangePermission`` find the rows that the user may change."""

    queryset: Any
    permission_classes: Any

    def restrict_queryset(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Restrict the rows; core would restrict those of a POST to what the user may add."""
        if request.user.is_authenticated and ChangePermission in self.permission_classes:
            self.queryset = self.queryset.restrict(request.user, "change")
        else:
            super().restrict_queryset(request, *args, **kwargs)  # type: ignore[misc]  # of the view set

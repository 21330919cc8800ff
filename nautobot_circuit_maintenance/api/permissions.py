"""Permissions of the app's own REST actions."""

from nautobot.core.api.authentication import TokenPermissions


class ChangePermission(TokenPermissions):
    """Require the permission to change for a POST; core requires the permission to add."""

    perms_map = {**TokenPermissions.perms_map, "POST": ["%(app_label)s.change_%(model_name)s"]}

"""What our own actions ask for."""

from nautobot.core.api.authentication import TokenPermissions


class ChangePermission(TokenPermissions):
    """Asks a POST for the permission to change; core asks for the one to add."""

    perms_map = {**TokenPermissions.perms_map, "POST": ["%(app_label)s.change_%(model_name)s"]}

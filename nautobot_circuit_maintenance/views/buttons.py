"""Buttons that several pages have."""

from django.template import Context
from nautobot.apps.ui import PostButton
from nautobot.apps.utils import get_permission_for_model


class ChangeButton(PostButton):
    """A button for users who may change the row of the page."""

    def should_render(self, context: Context) -> bool:
        """Check the permission with its constraints."""
        row, user = context["object"], context["request"].user
        return bool(user.has_perm(get_permission_for_model(type(row), "change"), row))

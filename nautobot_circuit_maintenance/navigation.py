"""The app's group in the navigation menu."""

from nautobot.apps.ui import NavigationIconChoices, NavigationWeightChoices, NavMenuGroup, NavMenuItem, NavMenuTab

_APP = "nautobot_circuit_maintenance"


def _item(model: str, name: str, weight: int) -> NavMenuItem:
    """Return the menu item of a model's list, for users who may view it."""
    return NavMenuItem(
        link=f"plugins:{_APP}:{model}_list", name=name, weight=weight, permissions=[f"{_APP}.view_{model}"]
    )


menu_items = (
    NavMenuTab(
        name="Circuits",
        icon=NavigationIconChoices.CIRCUITS,
        weight=NavigationWeightChoices.CIRCUITS,
        groups=(
            NavMenuGroup(
                name="Circuit Maintenance",
                weight=300,
                items=(
                    NavMenuItem(
                        link=f"plugins:{_APP}:dashboard",
                        name="Dashboard",
                        weight=100,
                        permissions=[f"{_APP}.view_circuitmaintenance"],
                    ),
                    NavMenuItem(
                        link=f"plugins:{_APP}:changes",
                        name="Recent Changes",
                        weight=150,
                        permissions=[f"{_APP}.view_circuitmaintenance"],
                    ),
                    NavMenuItem(
                        link=f"plugins:{_APP}:inbox",
                        name="Inbox",
                        weight=125,
                        permissions=[f"{_APP}.view_notification"],
                    ),
                    NavMenuItem(
                        link=f"plugins:{_APP}:risk",
                        name="Risk",
                        weight=110,
                        permissions=[f"{_APP}.view_circuitmaintenance"],
                    ),
                    NavMenuItem(
                        link=f"plugins:{_APP}:what_if",
                        name="What If",
                        weight=115,
                        permissions=[f"{_APP}.view_circuitmaintenance"],
                    ),
                    _item("circuitmaintenance", "Circuit Maintenances", 200),
                    _item("circuitimpact", "Circuit Impacts", 300),
                    _item("note", "Maintenance Notes", 400),
                    _item("notification", "Notifications", 500),
                    _item("notificationsource", "Notification Sources", 600),
                    _item("maillayout", "Mail Layouts", 650),
                    _item("unknownsender", "Unknown Senders", 700),
                ),
            ),
        ),
    ),
)

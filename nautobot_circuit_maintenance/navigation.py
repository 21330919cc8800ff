"""The app's group in the navigation menu."""

from nautobot.apps.ui import NavigationIconChoices, NavigationWeightChoices, NavMenuGroup, NavMenuItem, NavMenuTab

_APP = "nautobot_circuit_maintenance"


def _page(route: str, name: str, weight: int, model: str) -> NavMenuItem:
    """Return the menu item of a page, for users who may view a model."""
    return NavMenuItem(link=f"plugins:{_APP}:{route}", name=name, weight=weight, permissions=[f"{_APP}.view_{model}"])


def _list(model: str, name: str, weight: int) -> NavMenuItem:
    """Return the menu item of a model's list."""
    return _page(f"{model}_list", name, weight, model)


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
                    _page("dashboard", "Dashboard", 100, "circuitmaintenance"),
                    _page("risk", "Risk", 110, "circuitmaintenance"),
                    _page("what_if", "What If", 115, "circuitmaintenance"),
                    _page("inbox", "Inbox", 125, "notification"),
                    _page("changes", "Recent Changes", 150, "circuitmaintenance"),
                    _list("circuitmaintenance", "Circuit Maintenances", 200),
                    _list("circuitimpact", "Circuit Impacts", 300),
                    _list("note", "Maintenance Notes", 400),
                    _list("notification", "Notifications", 500),
                    _list("notificationsource", "Notification Sources", 600),
                    _list("maillayout", "Mail Layouts", 650),
                    _list("unknownsender", "Unknown Senders", 700),
                    _list("subscription", "Subscriptions", 800),
                    _list("delivery", "Outbox", 850),
                ),
            ),
        ),
    ),
)

"""When a maintenance is replaced by one with another ID."""

from unittest import TestCase

from nautobot_circuit_maintenance.domain.conclusion import conclude
from nautobot_circuit_maintenance.domain.replacement import Account
from nautobot_circuit_maintenance.domain.updates import MaintenanceUpdate
from nautobot_circuit_maintenance.tests.domain.test_conclusion import make_update, stating


def account(*updates: MaintenanceUpdate) -> Account:
    """Return everything that was announced under one ID."""
    return Account(updates, conclude(updates))


class Replacement(TestCase):
    """An old and a new ID with the same UID; the new one has the higher sequence."""

    old = make_update(1, "C-1")
    new = stating(make_update(2, "C-1", "C-2", days=(12,)), sequence=2)

    def test_the_old_one_is_replaced_by_the_new_one_only(self) -> None:
        self.assertTrue(account(self.old).is_replaced_by(account(self.new)))
        self.assertFalse(account(self.new).is_replaced_by(account(self.old)))

    def test_a_template_with_one_uid_and_sequence_replaces_nothing(self) -> None:
        self.assertFalse(account(self.old).is_replaced_by(account(stating(self.new, sequence=1))))

    def test_another_uid_or_circuit_replaces_nothing(self) -> None:
        self.assertFalse(account(self.old).is_replaced_by(account(stating(self.new, uid="2"))))
        other = stating(make_update(2, "C-9"), sequence=2)
        self.assertFalse(account(self.old).is_replaced_by(account(other)))

    def test_one_message_with_both_ids_replaces_nothing(self) -> None:
        both = stating(make_update(1, "C-1"), sequence=2)

        self.assertFalse(account(self.old).is_replaced_by(account(both)))

    def test_what_is_over_is_not_replaced(self) -> None:
        done = make_update(1.5, status="COMPLETED", days=())

        self.assertFalse(account(self.old, done).is_replaced_by(account(self.new)))

    def test_what_is_named_again_later_is_not_replaced(self) -> None:
        again = stating(make_update(3, "C-1"), uid=None, sequence=None)

        self.assertFalse(account(self.old, again).is_replaced_by(account(self.new)))

    def test_a_lower_sequence_under_the_new_id_replaces_nothing(self) -> None:
        lower = stating(make_update(2, "C-1"), sequence=0)

        self.assertFalse(account(self.old).is_replaced_by(account(lower, self.new)))

"""Addresses that wrote to a mailbox and belong to no provider; nothing of what they wrote is stored."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from nautobot.apps.models import BaseManager, BaseModel, RestrictedQuerySet
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.models.notifications import NotificationSource
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, sender_addresses

LONGEST_ADDRESS = 254
"""RFC 5321 section 4.5.3.1.3, without the brackets."""


class UnknownSenderQuerySet(RestrictedQuerySet):
    """Unknown senders."""

    def needing_attention(self) -> "UnknownSenderQuerySet":
        """Filter addresses about which no one has decided."""
        return self.filter(dismissed=False)


class UnknownSender(BaseModel):
    """An address that no provider of a source uses, with the number of its emails."""

    source = models.ForeignKey(
        to=NotificationSource,
        on_delete=models.CASCADE,
        related_name="unknown_senders",
        db_index=False,  # the unique constraint begins with it
    )
    address = models.CharField(max_length=LONGEST_ADDRESS, help_text="Sender address in lower case.")
    count = models.PositiveBigIntegerField(verbose_name="Emails", help_text="Number of its emails that were read.")
    first_seen = models.DateTimeField(help_text="When its first email was read.")
    last_seen = models.DateTimeField(help_text="When its last email was read.")
    dismissed = models.BooleanField(default=False, help_text="Someone decided that it does not belong to a provider.")

    objects = BaseManager.from_queryset(UnknownSenderQuerySet)()

    natural_key_field_names = ["source", "address"]

    class Meta:
        ordering = ("-last_seen", "address")
        constraints = [models.UniqueConstraint(fields=["source", "address"], name="cm_unknown_sender_once")]
        indexes = [models.Index(fields=["-last_seen", "address"], name="cm_unknown_sender_newest")]

    def __str__(self) -> str:
        return self.address


def assign(sender: UnknownSender, provider: Provider, user: Any) -> None:
    """Add an address to those of a provider, whose email is then read from the start of the first run.

    The caller checks that the user may change the provider. Raises ValidationError if the address belongs to another
    provider, or if the provider is not searched for by the source and the user may not change that.
    """
    with transaction.atomic():
        owner = Provider.objects.select_for_update().get(pk=provider.pk)
        _join(sender.source, owner, user)
        if sender.address not in sender_addresses(owner):
            value = (owner.cf.get(EMAILS_FIELD) or "").strip().rstrip(",;")
            owner.cf[EMAILS_FIELD] = f"{value}, {sender.address}" if value else sender.address
            owner.validated_save()
        UnknownSender.objects.filter(address=sender.address, source__providers=owner).delete()


def _join(source: NotificationSource, provider: Provider, user: Any) -> None:
    """Let the source search for the provider."""
    if source.providers.filter(pk=provider.pk).exists():
        return
    if not NotificationSource.objects.restrict(user, "change").filter(pk=source.pk).exists():
        raise ValidationError("This provider does not belong to the source, and you may not change the source.")
    source.providers.add(provider)

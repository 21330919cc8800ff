"""When an email was issued, as an expression over parsed notifications."""

from django.db.models.functions import Least

ISSUED = Least("issued_at", "received_at")
"""Never later than it was received: some providers write the start of the work as the time of the message."""

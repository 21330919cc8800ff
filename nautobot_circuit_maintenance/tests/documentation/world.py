"""What the examples are tried on: a provider's mail that was read, files with more of it, and their names."""

import mailbox
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

from django.contrib.auth import get_user_model
from django.utils import timezone as clock
from nautobot.extras.models import JobResult
from nautobot.tenancy.models import Tenant
from nautobot.users.models import Token

from nautobot_circuit_maintenance import choices
from nautobot_circuit_maintenance.mail.files import read_message
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification, NotificationSource
from nautobot_circuit_maintenance.pipeline import run
from nautobot_circuit_maintenance.pipeline.import_messages import ingest
from nautobot_circuit_maintenance.pipeline.report import RunReport, SourceReport
from nautobot_circuit_maintenance.tests import cases
from nautobot_circuit_maintenance.tests.factories import core
from nautobot_circuit_maintenance.tests.factories.mail import Bcop, FakeMailbox, mail

SENDER = "noc@carrier.example"
SITE = "http://nautobot.example.com"
MAXIMUM = 1024**2
NIGHT = datetime(2027, 3, 1, 22, 0, tzinfo=timezone.utc)
"""When the work is that examples with a date ask for."""

ENVIRONMENT = {
    "CM_NS_1_URL": "imap://imap.example.com:993",
    "CM_NS_1_ACCOUNT": "noc@example.com",
    "CM_NS_1_SECRET": "correct horse",
    "CM_NS_1_CLIENT_SECRET": "a value of Entra ID",
    "CM_NS_3_CLIENT_SECRET": "a value of Entra ID",
    "CM_NS_2_URL": "https://accounts.google.com",
    "CM_NS_2_ACCOUNT": "noc@example.com",
    "CM_NS_2_CREDENTIALS_FILE": "/opt/nautobot/gmail.json",
}
"""The variables that examples of settings may read."""


def _carriers(name: str, **more) -> bytes:
    events = [Bcop(name, **{"issued": clock.now(), **more})]
    return mail(*events, sender=SENDER, subject=f"Planned work {name}")


def create_files(folder: Path) -> None:
    """Lay down the files that examples name."""
    (folder / "mail.eml").write_bytes(_carriers("M-10"))
    (folder / "folder").mkdir()
    (folder / "folder" / "one.eml").write_bytes(_carriers("M-11"))
    maildir = mailbox.Maildir(folder / "Maildir")
    maildir.add(_carriers("M-12"))
    mbox = mailbox.mbox(folder / "archive.mbox")
    mbox.add(_carriers("M-13"))
    mbox.close()


def create_world() -> dict[str, str]:
    """Create what the examples ask for, by the way that mail goes; return the variables that they may use."""
    provider = cases.create_provider("Example Carrier", SENDER)
    tenant = Tenant.objects.create(name="Harbour Vale")
    place = core.create_locations("Amsterdam")[0]
    circuit = core.create_circuit(provider, "C-1", tenant=tenant, location=place)
    source = NotificationSource.objects.create(name="NOC mailbox")
    source.providers.add(provider)
    now = clock.now()
    mails = [
        _carriers("M-1", circuits=[("C-1", "OUTAGE"), ("C-2", "OUTAGE")], start=now + timedelta(hours=5)),
        _carriers("M-2", start=NIGHT),
        _carriers("M-3", start=now - timedelta(hours=1)),
        # A circuit ID with another separator, a status that is not in the vocabulary, and a UID that gets another ID.
        _carriers("M-4", circuits=[("C.1", "OUTAGE")], status="POSTPONED", uid="one@carrier.example"),
        _carriers("M-5", circuits=[("C.1", "OUTAGE")], uid="one@carrier.example", sequence=1),
        mail(sender=SENDER, subject="No calendar in it", sent=now),
    ]
    list(ingest(read_message("", raw, MAXIMUM) for raw in mails))
    Notification.objects.update(source=source)
    user = get_user_model().objects.create_superuser("admin")
    _fail_to_read(source)
    failed = Notification.objects.get(state="failed")
    _read(source)
    return {
        "NAUTOBOT": SITE,
        "TOKEN": Token.objects.create(user=user).key,
        "MAINTENANCE": str(CircuitMaintenance.objects.get(name="M-1").pk),
        "NOTIFICATION": str(failed.pk),
        "SOURCE": str(source.pk),
        "PROVIDER": str(provider.pk),
        "CIRCUIT": str(circuit.pk),
    }


def _fail_to_read(source: NotificationSource) -> None:
    """Have a run that reports an error: no settings name the source."""
    report = run.run([source], run.RunOptions(now=clock.now()))
    JobResult.objects.create(name=choices.PIPELINE_CONTEXT, status="FAILURE", result=report.as_json())


def _read(source: NotificationSource) -> None:
    """Have a run that reads a mailbox: news, an update, one that no parser understands, and an unknown sender's."""
    soon = clock.now() + timedelta(days=9)
    mails = [
        _carriers("M-20", start=soon, issued=clock.now() - timedelta(hours=1), status="TENTATIVE"),
        _carriers("M-20", start=soon),
        mail(sender=SENDER, subject="Nor in this one", sent=clock.now()),
        mail(sender="noc@new-carrier.example"),
    ]
    options, read = run.RunOptions(now=clock.now()), SourceReport(source.name)
    run.fetch_source(source, FakeMailbox.of(mails), options, read)
    news = Notification.objects.filter(pk__in=read.recorded)
    run.digest_queue(news, options, read)
    report = RunReport([read], Counter(news.values_list("state", flat=True)))
    JobResult.objects.create(name=choices.PIPELINE_CONTEXT, status="SUCCESS", result=report.as_json())

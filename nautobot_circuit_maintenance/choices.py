"""The closed vocabularies: BCOP maintnote's words, and the states of a notification."""

from nautobot.apps.choices import ChoiceSet


class CircuitMaintenanceStatusChoices(ChoiceSet):
    """Status of a maintenance (BCOP maintnote 3.6.6); RE-SCHEDULED is the parser library's word, UNKNOWN ours."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
    IN_PROCESS = "IN-PROCESS"
    COMPLETED = "COMPLETED"
    RE_SCHEDULED = "RE-SCHEDULED"
    UNKNOWN = "UNKNOWN"

    CHOICES = (
        (TENTATIVE, TENTATIVE),
        (CONFIRMED, CONFIRMED),
        (CANCELLED, CANCELLED),
        (IN_PROCESS, IN_PROCESS),
        (COMPLETED, COMPLETED),
        (RE_SCHEDULED, RE_SCHEDULED),
        (UNKNOWN, UNKNOWN),
    )


class CircuitImpactChoices(ChoiceSet):
    """Effect of a maintenance on one circuit (BCOP maintnote 3.6.5), mildest first."""

    NO_IMPACT = "NO-IMPACT"
    REDUCED_REDUNDANCY = "REDUCED-REDUNDANCY"
    DEGRADED = "DEGRADED"
    OUTAGE = "OUTAGE"

    CHOICES = (
        (NO_IMPACT, NO_IMPACT),
        (REDUCED_REDUNDANCY, REDUCED_REDUNDANCY),
        (DEGRADED, DEGRADED),
        (OUTAGE, OUTAGE),
    )


class MatchedByChoices(ChoiceSet):
    """How the circuit of an impact was found, strictest comparison first."""

    EXACT = "exact"
    CASE = "case"
    ALIAS = "alias"
    PORT = "port"
    SEPARATORS = "separators"
    ZEROS = "zeros"
    INSIDE = "inside"
    MANUAL = "manual"

    CHOICES = (
        (EXACT, "Same circuit ID"),
        (CASE, "Ignoring case"),
        (ALIAS, "Alias of the circuit"),
        (PORT, "Port ID"),
        (SEPARATORS, "Other separators"),
        (ZEROS, "Without leading zeros"),
        (INSIDE, "Circuit ID within a longer text"),
        (MANUAL, "Selected or removed by a person"),
    )


class ConfidenceChoices(ChoiceSet):
    """What the second opinion on a reading is; the words of ``domain.opinions``, best first."""

    CONFIRMED = "confirmed"
    UNCHECKED = "unchecked"
    DOUBTFUL = "doubtful"

    CHOICES = ((CONFIRMED, "Confirmed"), (UNCHECKED, "Unchecked"), (DOUBTFUL, "Doubtful"))


class MaintenanceKeyChoices(ChoiceSet):
    """What a notification can refer to a maintenance by."""

    ID = "id"
    UID = "uid"

    CHOICES = ((ID, "Maintenance ID"), (UID, "UID of a calendar event"))


class NoteLevelChoices(ChoiceSet):
    """Weight of a maintenance note."""

    INFO = "INFO"
    WARNING = "WARNING"

    CHOICES = ((INFO, INFO), (WARNING, WARNING))


class NotificationStateChoices(ChoiceSet):
    """Where a notification stands; ``received`` is the queue of those still to be digested."""

    RECEIVED = "received"
    PARSED = "parsed"
    IGNORED = "ignored"
    REFUSED = "refused"
    FAILED = "failed"

    CHOICES = (
        (RECEIVED, "Waiting"),
        (PARSED, "Parsed"),
        (IGNORED, "Ignored"),
        (REFUSED, "Refused"),
        (FAILED, "Failed"),
    )


class TakenOverChoices(ChoiceSet):
    """What the older package of this name kept of a message."""

    WHOLE = "whole"
    CUT = "cut"

    CHOICES = ((WHOLE, "The whole message"), (CUT, "Its beginning"))


PIPELINE_CONTEXT = "Handle Circuit Maintenance Notifications"
"""``change_context_detail`` of the change records that the pipeline writes."""


class SourceHealthChoices(ChoiceSet):
    """Whether email is coming in from a source, worst first."""

    ERROR = "error"
    STALE = "stale"
    SILENT = "silent"
    NOT_CONFIGURED = "not-configured"
    OK = "ok"

    CHOICES = (
        (ERROR, "Error"),
        (STALE, "Stale"),
        (SILENT, "Silent"),
        (NOT_CONFIGURED, "Not Configured"),
        (OK, "OK"),
    )


class MailLayoutStateChoices(ChoiceSet):
    """What a taught layout does with email."""

    DRAFT = "draft"
    TRIAL = "trial"
    LIVE = "live"
    SUSPENDED = "suspended"

    CHOICES = ((DRAFT, "Draft"), (TRIAL, "Trial"), (LIVE, "Live"), (SUSPENDED, "Suspended"))


class TopicChoices(ChoiceSet):
    """Topics of the events that the app publishes on Nautobot's event brokers."""

    ANNOUNCED = "circuit_maintenance.maintenance.announced"
    CHANGED = "circuit_maintenance.maintenance.changed"
    CANCELLED = "circuit_maintenance.maintenance.cancelled"
    DUE = "circuit_maintenance.maintenance.due"
    STARTED = "circuit_maintenance.maintenance.started"
    OVERDUE = "circuit_maintenance.maintenance.overdue"
    ENDED = "circuit_maintenance.maintenance.ended"
    RISK_FOUND = "circuit_maintenance.risk.found"
    RISK_CHANGED = "circuit_maintenance.risk.changed"
    RISK_CLEARED = "circuit_maintenance.risk.cleared"

    CHOICES = (
        (ANNOUNCED, "Maintenance announced"),
        (CHANGED, "Maintenance changed"),
        (CANCELLED, "Maintenance cancelled"),
        (DUE, "Window due"),
        (STARTED, "Window started"),
        (OVERDUE, "Maintenance overdue"),
        (ENDED, "Window ended"),
        (RISK_FOUND, "Risk found"),
        (RISK_CHANGED, "Risk changed"),
        (RISK_CLEARED, "Risk cleared"),
    )

    OF_CHANGES = (ANNOUNCED, CHANGED, CANCELLED)
    OF_TIME = (DUE, STARTED, OVERDUE, ENDED)
    OF_RISK = (RISK_FOUND, RISK_CHANGED, RISK_CLEARED)


class ChangeKindChoices(ChoiceSet):
    """What happened to a maintenance, or to what belongs to it: impacts, windows, links."""

    CREATED = "created"
    CHANGED = "changed"
    DETAILS = "details"
    DELETED = "deleted"

    CHOICES = ((CREATED, "Created"), (CHANGED, "Changed"), (DETAILS, "Details changed"), (DELETED, "Deleted"))


class EventChoices(ChoiceSet):
    """What messages are sent about."""

    NEW = "new"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    STARTS_SOON = "starts-soon"
    NOT_ACKNOWLEDGED = "not-acknowledged"
    STARTED = "started"
    ENDED = "ended"
    OVERDUE = "overdue"
    AT_RISK = "at-risk"
    NEEDS_A_PERSON = "needs-a-person"
    DIGEST = "digest"
    JOB = "job"

    CHOICES = (
        (NEW, "New"),
        (CHANGED, "Changed"),
        (CANCELLED, "Cancelled"),
        (STARTS_SOON, "Starts Soon"),
        (NOT_ACKNOWLEDGED, "Not Acknowledged"),
        (STARTED, "Started"),
        (ENDED, "Ended"),
        (OVERDUE, "Overdue"),
        (AT_RISK, "Site at Risk"),
        (NEEDS_A_PERSON, "Email Needs a Person"),
        (DIGEST, "Digest"),
        (JOB, "Job"),
    )


class AudienceChoices(ChoiceSet):
    """Who receives messages."""

    CHOSEN = "chosen"
    AFFECTED = "affected"

    CHOICES = ((CHOSEN, "The chosen contacts and teams"), (AFFECTED, "Contacts of what is affected"))


class RhythmChoices(ChoiceSet):
    """When messages are sent."""

    AT_ONCE = "at-once"
    DAILY = "daily"
    WEEKLY = "weekly"

    CHOICES = ((AT_ONCE, "At once"), (DAILY, "Daily digest"), (WEEKLY, "Weekly digest"))


class DayChoices(ChoiceSet):
    """The days of the week, as ``datetime.weekday()`` numbers them."""

    MONDAY = 0

    CHOICES = (
        (MONDAY, "Monday"),
        (1, "Tuesday"),
        (2, "Wednesday"),
        (3, "Thursday"),
        (4, "Friday"),
        (5, "Saturday"),
        (6, "Sunday"),
    )


class ThreadSubjectChoices(ChoiceSet):
    """What a conversation is about."""

    MAINTENANCE = "maintenance"
    SITE = "site"
    NOTIFICATION = "notification"
    SOURCE = "source"

    CHOICES = (
        (MAINTENANCE, "Maintenance"),
        (SITE, "Site"),
        (NOTIFICATION, "Notification"),
        (SOURCE, "Notification source"),
    )


class DeliveryStateChoices(ChoiceSet):
    """Where a delivery stands; ``unsure``: it may have been sent, and is sent again under the same key."""

    WAITING = "waiting"
    UNSURE = "unsure"
    SENT = "sent"
    SUPERSEDED = "superseded"
    FAILED = "failed"

    CHOICES = (
        (WAITING, "Waiting"),
        (UNSURE, "Unsure"),
        (SENT, "Sent"),
        (SUPERSEDED, "Superseded"),
        (FAILED, "Failed"),
    )

    OPEN = (WAITING, UNSURE)


class PhaseChoices(ChoiceSet):
    """When a job runs."""

    BEFORE = "before"
    AFTER = "after"

    CHOICES = ((BEFORE, "Before the window"), (AFTER, "After the window"))

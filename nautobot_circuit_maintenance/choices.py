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


PIPELINE_CONTEXT = "Handle Circuit Maintenance Notifications"
"""``change_context_detail`` of the change records that the pipeline writes."""

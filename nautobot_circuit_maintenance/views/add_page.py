"""*Add from This Email*: the email on the left, the filled form on the right."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from nautobot.circuits.models import Provider

from nautobot_circuit_maintenance.analysis.visibility import Visibility
from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.forms import AddFromEmailForm, AnswersForm
from nautobot_circuit_maintenance.models import CircuitMaintenance, Notification
from nautobot_circuit_maintenance.models.providers import provider_facts
from nautobot_circuit_maintenance.models.querysets import CircuitImpactQuerySet
from nautobot_circuit_maintenance.pipeline.manual import ChangedSinceSeen, apply_by_person, update_of, with_others
from nautobot_circuit_maintenance.pipeline.proposals import propose_for
from nautobot_circuit_maintenance.reading.proposal.values import Proposal
from nautobot_circuit_maintenance.views import proposal_context
from nautobot_circuit_maintenance.views.asking import TITLED, back_to

_PREFIX = "answer"


class AddPage:
    """One request for the form."""

    def __init__(self, request: HttpRequest, row: Notification) -> None:
        """Read what was answered, and propose."""
        self.request, self.row = request, row
        self.is_post = request.method == "POST"
        self.answers = AnswersForm(request.POST if self.is_post else request.GET, prefix=_PREFIX)
        self.circuits = Visibility.of(request.user).circuits.filter(provider=row.provider)
        self.proposal, self.problem = self._propose()
        self.form = AddFromEmailForm(
            request.POST if self.is_post else None,
            provider=row.provider,
            circuits=self.circuits,
            others=self._other_impacts(),
            received=row.received_at,
            windows=proposal_context.windows(self.proposal),
            initial={"seen": row.result_key, **proposal_context.initial(self.proposal, self.circuits)},
        )

    def _propose(self) -> tuple[Proposal | None, str]:
        facts = self.answers.added_to(provider_facts(self.row.provider))
        try:
            return propose_for(self.row, facts, self.circuits), ""
        except ParseError as error:
            return None, str(error)

    def _other_impacts(self) -> CircuitImpactQuerySet:
        """Return the impacts of the provider's other maintenances: not of what this email announced until now."""
        visibility = Visibility.of(self.request.user)
        others = visibility.maintenances.filter(provider=self.row.provider).open()
        others = others.exclude(pk__in=self.row.parsed_notifications.order_by().values("maintenance"))
        return visibility.impacts.filter(maintenance__in=others.values("pk"))

    def response(self) -> HttpResponse:
        """Save what was entered, or show the form."""
        if self.is_post and self.form.is_valid() and (maintenance := self._save()):
            return redirect(back_to(self.request, maintenance.get_absolute_url()))
        provider = self.row.provider
        context = {
            "title": f"Add a maintenance from {self.row}",
            **TITLED,
            "notification": self.row,
            "form": self.form,
            "answers": self.answers,
            "problem": self.problem,
            "may_keep": self._may_keep(provider),
            "own_zone": timezone.get_current_timezone_name(),
            "return_url": back_to(self.request, self.row.get_absolute_url()),
            **proposal_context.shown(self.proposal, self.form, self.answers, provider),
        }
        return TemplateResponse(self.request, "nautobot_circuit_maintenance/add_from_email.html", context)

    def _may_keep(self, provider: Provider) -> bool:
        return self.request.user.has_perm("circuits.change_provider", provider)

    def _save(self) -> CircuitMaintenance | None:
        """Return the maintenance; None with the reason on the form."""
        data, user = self.form.cleaned_data, self.request.user
        values = {name: data[name] for name in ("maintenance_id", "status", "impact")}
        windows = {"windows": self.form.spans, "circuits_of": self.form.circuits_of}
        update = update_of(self.row, user, circuits=self.form.cids, **windows, **values)
        try:
            apply_by_person(self.row, with_others(self.row, update), user, timezone.now(), seen=data["seen"])
            self._keep_answers()
        except ChangedSinceSeen:
            self.form.add_error(None, "The notification was processed again after this page was loaded. Open it again.")
            return None
        except (PermissionDenied, ParseError, ValidationError) as error:
            self.form.add_error(None, getattr(error, "messages", None) or str(error))
            return None
        maintenance = self.row.parsed_notifications.get(json__maintenance_id=update.maintenance_id).maintenance
        messages.success(self.request, f"{maintenance} follows this email now.")
        return maintenance

    def _keep_answers(self) -> None:
        provider = self.row.provider
        if self._may_keep(provider) and self.answers.keep(provider):
            messages.info(self.request, f"The answers are kept for {provider}.")

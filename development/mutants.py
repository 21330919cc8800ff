"""Mutants: the product broken in ways that would cost an operator an outage. The tests must notice each.

Run by `invoke mutants`; docs/dev/reliability.md has the results. Only a copy of the clone is broken.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess  # nosec B404 # the tests are a command
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from development.services import embedded

APP = "nautobot_circuit_maintenance"
TESTS = f"{APP}/tests"
NOT_COPIED = (".git", ".venv*", ".development", ".hypothesis", ".mypy_cache", "__pycache__", "build", "dist", "docs")
FAILED = 1
"""Exit code of pytest if tests failed; others mean that they did not run."""
LONGEST = 600
"""Seconds after which a command counts as failed: some mutants loop forever."""


@dataclass(frozen=True)
class Mutant:
    """One way to break the product."""

    name: str
    file: str
    old: str
    """The code to replace; it occurs once in the file."""
    new: str
    tests: tuple[str, ...]
    """The tests that must fail."""
    chaos: str = ""
    """Options of `invoke chaos`, if that must fail as well."""

    def apply(self, root: Path) -> None:
        """Break the product in a copy of the clone."""
        path = root / self.file
        text = path.read_text("utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.file} does not contain exactly once: {self.old}")
        path.write_text(text.replace(self.old, self.new), "utf-8")


MUTANTS = (
    Mutant(
        "maintenances are not locked",
        f"{APP}/pipeline/apply/register.py",
        'rows.select_for_update(of=("self",)).order_by(',
        "rows.order_by(",
        (f"{TESTS}/end_to_end/test_concurrency.py",),
        chaos="--faults 40 --only second-job,worker-kill",
    ),
    Mutant(
        "notifications are not locked",
        f"{APP}/pipeline/queue.py",
        '_waiting(ours).select_for_update(skip_locked=True, of=("self",)).defer(None)',
        "_waiting(ours).defer(None)",
        # Not chaos: the number of attempts, committed before, separates the workers as well.
        (f"{TESTS}/pipeline/test_queue.py", f"{TESTS}/end_to_end/test_concurrency.py"),
    ),
    Mutant(
        "the cursor moves before the messages are stored",
        f"{APP}/pipeline/record.py",
        "    recorded.unknown_senders.update(batch.unknown_senders)\n    try:\n",
        "    recorded.unknown_senders.update(batch.unknown_senders)\n    _move_cursor(source, directory, batch)\n    try:\n",
        (f"{TESTS}/pipeline/test_record.py",),
        chaos="--faults 60 --only worker,session,postgres,deadlock,serialization,disk",
    ),
    Mutant(
        "no message is known already",
        f"{APP}/mail/message.py",
        "    return digest.hexdigest()\n",
        "    return hashlib.sha256(digest.digest() + __import__('os').urandom(8)).hexdigest()\n",
        (f"{TESTS}/mail/test_message.py", f"{TESTS}/pipeline/test_record.py"),
        chaos="--faults 20 --only worker,session",
    ),
    Mutant(
        "a copy with another content type is the same email",
        f"{APP}/mail/message.py",
        '"Subject", "Content-Type", "Content-Transfer-Encoding")',
        '"Subject")',
        (f"{TESTS}/mail/test_message.py", f"{TESTS}/attacks/test_copies.py"),
    ),
    Mutant(
        "a message that the server cannot deliver is forgotten",
        f"{APP}/mailboxes/imap/mailbox.py",
        '        for uid in self._fetch_together(missing, ["UID"]):',
        "        for uid in ():",
        (f"{TESTS}/mailboxes/test_imap_scale.py",),
    ),
    Mutant(
        "the time zones of one calendar are used for the next",
        f"{APP}/reading/library.py",
        "    _zones.clear()\n",
        "",
        (f"{TESTS}/reading/test_threads.py",),
    ),
    Mutant(
        "the library reads messages of several threads at once",
        f"{APP}/reading/library.py",
        "    with _lock:\n        return _ask_alone(provider, parts)\n",
        "    return _ask_alone(provider, parts)\n",
        (f"{TESTS}/reading/test_threads.py",),
    ),
    Mutant(
        "threads restore the memory limits of each other",
        f"{APP}/mail/limits.py",
        "            stack.enter_context(_memory_limited(limits.memory))\n        try:\n",
        "        stack.enter_context(_memory_limited(limits.memory))\n        try:\n",
        (f"{TESTS}/reading/test_threads.py",),
    ),
    Mutant(
        "the display name is trusted",
        f"{APP}/mail/headers.py",
        'addresses = {_unquoted(address.lower()) for _, address in found if "@" in address}',
        'addresses = {(name if "@" in name else address).lower() for name, address in found if "@" in address}',
        (f"{TESTS}/pipeline/test_forged_senders.py",),
    ),
    Mutant(
        "any Authentication-Results field counts",
        f"{APP}/mail/authentication.py",
        "    return tuple(_unfold(str(field)) for field in header.get_all(_FIELD, []))\n",
        "    return tuple(_unfold(str(field)) for field in reversed(header.get_all(_FIELD, [])))\n",
        (f"{TESTS}/mail/test_authentication.py",),
    ),
    Mutant(
        "what waits without a verdict is admitted",
        f"{APP}/pipeline/admission.py",
        "if confirmed or (confirmed is None and required is False and not requires_today):",
        "if confirmed is not False:",
        (f"{TESTS}/pipeline/test_admission.py",),
    ),
    Mutant(
        "attempts are not counted",
        f"{APP}/pipeline/queue.py",
        'update(attempts=F("attempts") + 1)',
        'update(attempts=F("attempts"))',
        (f"{TESTS}/end_to_end/test_kill.py", f"{TESTS}/pipeline/test_digest.py"),
    ),
    Mutant(
        "the order of arrival counts instead of the order of issue",
        f"{APP}/domain/events.py",
        "        each.effective,\n        each.sequence,\n",
        "        each.provenance.received_at,\n        each.sequence,\n",
        (f"{TESTS}/domain/test_replay_any_story.py", f"{TESTS}/end_to_end/test_order.py"),
    ),
    Mutant(
        "DTSTAMP goes before SEQUENCE",
        f"{APP}/domain/events.py",
        "        each.effective = max([each.effective, *lower])\n\n",
        "        each.effective = each.effective\n\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "a SEQUENCE outranks what was sent later",
        f"{APP}/domain/events.py",
        "        if other.sent > event.sent:\n            return\n",
        "        if other.sent > event.sent:\n            pass\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "a DTSTAMP from the future counts",
        f"{APP}/domain/events.py",
        "effective=min(event.issued_at or sent, sent)",
        "effective=event.issued_at or sent",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "a Date from the future counts",
        f"{APP}/domain/events.py",
        "    return min(provenance.sent_at or provenance.received_at, provenance.received_at)\n",
        "    return provenance.sent_at or provenance.received_at\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "an ID that is used again is the same work",
        f"{APP}/domain/announcing.py",
        "    return bool(ends) and min(",
        "    return False and min(",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "one mail per circuit is not recognized",
        f"{APP}/domain/replay.py",
        "            self.per_circuit.add(uid)\n",
        "            pass\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "a UID replaces the entries of others",
        f"{APP}/domain/announcing.py",
        "        own = [entry for entry in old if entry.uid == announced.uid]\n        return _replaced_of_known_uid",
        "        own = old\n        return _replaced_of_known_uid",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "a new UID replaces what it does not overlap",
        f"{APP}/domain/announcing.py",
        "(is_moved and not entry.is_over)",
        "not entry.is_over",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "RE-SCHEDULED of a new UID leaves the old window",
        f"{APP}/domain/announcing.py",
        "    is_moved = announced.event.status == RE_SCHEDULED\n",
        "    is_moved = False\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "METHOD:ADD replaces",
        f"{APP}/domain/announcing.py",
        '    if announced.event.method == "ADD":\n        return []\n',
        "",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "what is over makes room for a new date",
        f"{APP}/domain/announcing.py",
        "        return []  # A new date after a cancellation, or a further night.\n",
        "        return own\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "a mail without UID gives every night one UID",
        f"{APP}/domain/announcing.py",
        "origins.get((cid.casefold(), window)) or origins",
        "origins",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "an ending word ends everything",
        f"{APP}/domain/ending.py",
        "    return is_circuit and is_window\n",
        "    return True\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "an unknown UID ends what was never announced",
        f"{APP}/domain/ending.py",
        " and (announced.uid is None or _is_known(announced, entries))\n",
        "\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "an unknown UID ends the only window whatever it names",
        f"{APP}/domain/ending.py",
        "        return _is_known(announced, entries)\n",
        "        return True\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "a RECURRENCE-ID that is not known is passed over",
        f"{APP}/domain/ending.py",
        "        return Scope(own, is_unknown=True)\n",
        "        return Scope(own)\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "cancelled nights are completed with the others",
        f"{APP}/domain/ending.py",
        "    return [entry for entry in named if id(entry) not in kept]\n",
        "    return named\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "work that ends early keeps its planned end",
        f"{APP}/domain/replay.py",
        "                window=window or entry.window,\n",
        "                window=entry.window,\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "events of one mail replace each other",
        f"{APP}/domain/entries.py",
        "    if mine not in (entry.fingerprint, entry.ended_by):\n        return True\n",
        "    return True\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "cancelled windows are active",
        f"{APP}/domain/conclusion.py",
        "    windows = _windows(live or rows)\n",
        "    windows = _windows(rows)\n",
        (f"{TESTS}/domain/test_rules.py",),
    ),
    Mutant(
        "a longer series is cut",
        f"{APP}/reading/ical/recurrence.py",
        "    if rule.count is not None and rule.until is None and len(days) < rule.count:\n        raise CalendarError(_TOO_LONG)\n",
        "",
        (f"{TESTS}/reading/test_recurrence_any_rule.py",),
    ),
    Mutant(
        "a rule that names no day is read",
        f"{APP}/reading/ical/recurrence.py",
        "    if not days:\n",
        "    if False:\n",
        (f"{TESTS}/reading/test_bcop.py",),
    ),
    Mutant(
        "a zone that a calendar defines has one offset",
        f"{APP}/reading/ical/definitions.py",
        "        return max(begun)[1] if begun else self._first.before\n",
        "        return self._first.after\n",
        (f"{TESTS}/reading/test_defined_zones.py",),
    ),
    Mutant(
        "texts of a message have no length",
        f"{APP}/domain/text.py",
        '    return found if len(found) <= length else f"{found[: length - 3]}..."\n',
        "    return found\n",
        (f"{TESTS}/reading/test_bcop.py",),
    ),
    Mutant(
        "what was partly read counts as read",
        f"{APP}/pipeline/chunk.py",
        "        return End(State.PARSED, reading.error)\n",
        '        return End(State.PARSED, "")\n',
        (f"{TESTS}/pipeline/test_partly_read.py",),
    ),
    Mutant(
        "quoted text is news",
        f"{APP}/mail/quotes.py",
        '    return "\\n".join(kept) if len(kept) < len(lines) and has_words("".join(kept)) else text\n',
        "    return text\n",
        (f"{TESTS}/mail/test_quotes.py",),
    ),
    Mutant(
        "a reply stays failed when the notice that it quotes arrives",
        f"{APP}/pipeline/chunk.py",
        "            settle_replies(read, _read_again)\n",
        "",
        (f"{TESTS}/pipeline/test_digest.py",),
    ),
    Mutant(
        "automatic replies are notices",
        f"{APP}/mail/automatic.py",
        '    if submitted in ("auto-replied", "auto-notified"):\n',
        "    if False:\n",
        (f"{TESTS}/mail/test_automatic.py",),
    ),
    Mutant(
        "separators between digits do not count",
        f"{APP}/domain/circuit_ids.py",
        "        return tuple(_RUNS.findall(spelled))\n",
        '        return ("".join(_RUNS.findall(spelled)),)\n',
        (f"{TESTS}/domain/test_circuit_ids.py",),
    ),
    Mutant(
        "a step that finds two circuits takes one",
        f"{APP}/domain/circuit_ids.py",
        "(circuits.pop(), step) if len(circuits) == 1 else None",
        "(circuits.pop(), step)",
        (f"{TESTS}/domain/test_circuit_ids.py",),
    ),
    Mutant(
        "@domain covers its subdomains",
        f"{APP}/mail/senders.py",
        "    domain = f\"@{sender.rpartition('@')[2]}\"\n",
        '    domain = "@" + ".".join(sender.rpartition("@")[2].split(".")[-2:])\n',
        (f"{TESTS}/pipeline/test_senders.py",),
    ),
    Mutant(
        "an ending word withdraws the acknowledgement",
        f"{APP}/domain/acknowledgement.py",
        "_KEEPING = (IN_PROCESS, COMPLETED)\n",
        "_KEEPING = (IN_PROCESS,)\n",
        (f"{TESTS}/pipeline/test_apply.py",),
    ),
    Mutant(
        "notifications overwrite what people edited",
        f"{APP}/domain/baseline.py",
        "    return recorded == baseline or (is_news and before != after)\n",
        "    return True\n",
        (f"{TESTS}/pipeline/test_apply.py", f"{TESTS}/pipeline/test_changed_rules.py"),
    ),
    Mutant(
        "reprocessing overwrites what people edited",
        f"{APP}/domain/baseline.py",
        "(is_news and before != after)",
        "(before != after)",
        (f"{TESTS}/pipeline/test_changed_rules.py",),
    ),
    Mutant(
        "what other rules concluded stays on record",
        f"{APP}/domain/baseline.py",
        "return recorded == baseline or (is_news and before != after)",
        "return is_news and before != after",
        (f"{TESTS}/pipeline/test_changed_rules.py",),
    ),
    Mutant(
        "reprocessing removes manual links",
        f"{APP}/pipeline/apply/impacts.py",
        "recorded = None if row.matched_by == MatchedByChoices.MANUAL else self._state(row)",
        "recorded = self._state(row)",
        (f"{TESTS}/pipeline/test_changed_rules.py",),
    ),
    Mutant(
        "reprocessing undoes a new name",
        f"{APP}/pipeline/apply/revision.py",
        "if maintenance.name == before and is_free:",
        "if is_free:",
        (f"{TESTS}/pipeline/test_changed_rules.py",),
    ),
    Mutant(
        "a provider's new UIDs count",
        f"{APP}/models/providers.py",
        "return update.without_uids() if provider and provider.cf.get(NEW_UIDS_FIELD) else update",
        "return update",
        (f"{TESTS}/pipeline/test_changed_rules.py",),
    ),
    Mutant(
        "maintenances from before the upgrade have no keys",
        f"{APP}/migrations/0005_baselines_and_keys.py",
        "    add_baselines_and_keys(apps)\n",
        "",
        (f"{TESTS}/migrations/test_baselines_and_keys.py",),
    ),
    Mutant(
        "retention deletes the rows",
        f"{APP}/pipeline/retention.py",
        "digested.filter(received_at__lt=before, raw__isnull=False).update(raw=None)",
        "digested.filter(received_at__lt=before, raw__isnull=False).delete()[0]",
        (f"{TESTS}/pipeline/test_retention.py", f"{TESTS}/end_to_end/test_job.py"),
    ),
    Mutant(
        "a dry run writes",
        f"{APP}/pipeline/run.py",
        "        transaction.set_rollback(True)\n",
        "        transaction.set_rollback(False)\n",
        (f"{TESTS}/pipeline/test_run.py",),
    ),
    Mutant(
        "reading marks email as read",
        f"{APP}/mailboxes/imap/session.py",
        "client.select_folder(settings.folder, readonly=True)",
        "client.select_folder(settings.folder, readonly=False)",
        (f"{TESTS}/mailboxes/test_imap.py",),
    ),
    Mutant(
        "the HTML of email is shown unsanitized",
        f"{APP}/mail/rendering.py",
        "    return clean\n",
        "    return html\n",
        (f"{TESTS}/mail/test_rendering.py",),
    ),
    Mutant(
        "a signature of a part of the body confirms a sender",
        f"{APP}/mail/dkim/signatures.py",
        'if "l" in tags:',
        'if "l" in ():',
        (f"{TESTS}/mail/test_dkim.py",),
    ),
    Mutant(
        "a signature may leave out subject and date",
        f"{APP}/mail/dkim/signatures.py",
        '_MUST_BE_SIGNED = ("from", "subject", "date")',
        '_MUST_BE_SIGNED = ("from",)',
        (f"{TESTS}/mail/test_dkim.py",),
    ),
    Mutant(
        "a signature of another domain confirms a sender",
        f"{APP}/mail/dkim/verifier.py",
        'aligned = [each for each in signatures if is_aligned(each.domain, sender.rpartition("@")[2])]',
        "aligned = signatures",
        (f"{TESTS}/mail/test_dkim.py",),
    ),
    Mutant(
        "the DNS was silent, so a message is forged",
        f"{APP}/mail/dkim/keys.py",
        "        if records is None:\n            raise Unanswered",
        "        if records is None:\n            raise Unusable",
        (f"{TESTS}/mail/test_dkim.py",),
    ),
    Mutant(
        "a message keeps the tag of an outcome that it does not have any more",
        f"{APP}/mailboxes/tagging.py",
        "        groups.setdefault((each.add, each.remove), []).append(each)",
        "        groups.setdefault((each.add, frozenset()), []).append(each)",
        (f"{TESTS}/mailboxes/test_tags.py",),
    ),
    Mutant(
        "a flag that a person set is taken away",
        f"{APP}/pipeline/tags.py",
        "for tag in settings.tags.values() if tag.lower() not in SHARED}",
        "for tag in settings.tags.values()}",
        (f"{TESTS}/pipeline/test_tags.py",),
    ),
    Mutant(
        "a message that was digested again in the meantime counts as tagged",
        f"{APP}/pipeline/tags.py",
        "filter(pk__in=keys, state=state)",
        "filter(pk__in=keys)",
        (f"{TESTS}/pipeline/test_tags.py",),
    ),
    Mutant(
        "after another UIDVALIDITY, another message gets the tag",
        f"{APP}/mailboxes/imap/tagger.py",
        "if uid in asked and message_id(parse_header(header)) == asked[uid].message_id:",
        "if uid in asked:",
        (f"{TESTS}/mailboxes/test_tags.py",),
    ),
    Mutant(
        "the silences of another Nautobot are ours",
        f"{APP}/outbound/channels/alertmanager/silences.py",
        'each.get("createdBy") == created_by)',
        'str(each.get("createdBy")).startswith(AUTHOR))',
        (f"{TESTS}/outbound/alertmanager/test_plan.py",),
    ),
    Mutant(
        "silences are made for all that is announced",
        f"{APP}/outbound/channels/alertmanager/spans.py",
        "AHEAD = timedelta(minutes=30)",
        "AHEAD = timedelta(days=365)",
        (f"{TESTS}/outbound/alertmanager/test_plan.py",),
    ),
    Mutant(
        "traffic is put back while the next window is on",
        f"{APP}/outbound/channels/job/pending.py",
        "still = set(near)",
        "still: set[str] = set()",
        (f"{TESTS}/outbound/job/test_pending.py",),
    ),
    Mutant(
        "what runs after is not stored with what runs before",
        f"{APP}/outbound/channels/job/runs.py",
        "            write_after(row, now)\n",
        "            pass\n",
        (f"{TESTS}/outbound/job/test_drain.py",),
    ),
    Mutant(
        "a job before a window that runs once more is not noticed",
        f"{APP}/outbound/channels/job/runs.py",
        "        if _ran_again(row):",
        "        if False:",
        (f"{TESTS}/outbound/job/test_drain.py",),
    ),
    Mutant(
        "silences wait for the clock of a killed worker",
        f"{APP}/outbound/channels/alertmanager/reconcile.py",
        " | Q(busy_until__gt=until + _LEASE)",
        "",
        (f"{TESTS}/outbound/test_silencing.py",),
    ),
    Mutant(
        "a calendar without the right to view is empty",
        f"{APP}/views/feed.py",
        '            return _refused(404, f"FEED-03',
        '            return HttpResponse("BEGIN:VCALENDAR") or _refused(404, f"FEED-03',
        (f"{TESTS}/outbound/test_feed.py",),
    ),
)


@contextmanager
def copy_of_clone() -> Iterator[Path]:
    """Copy the parts of the clone that the tests need."""
    with tempfile.TemporaryDirectory(prefix="ncm-mutant-") as name:
        target = Path(name) / "clone"
        shutil.copytree(embedded.ROOT, target, ignore=shutil.ignore_patterns(*NOT_COPIED))
        yield target


def in_copy(root: Path, *words: str) -> int:
    """Run Python in a copy, on the services of the clone; return its exit code, FAILED after a time-out."""
    # Workers of chaos start from a script, which must import the copy instead of the installed package.
    env = {**os.environ, "PYTHONPATH": str(root), "NCM_STATE": str(embedded.STATE), "PYTHONDONTWRITEBYTECODE": "1"}
    with open(log_file(), "wb") as log:
        command = [sys.executable, *words]
        try:
            done = subprocess.run(  # nosec B603 # our own command, no shell
                command, cwd=root, env=env, check=False, stdout=log, stderr=subprocess.STDOUT, timeout=LONGEST
            )
        except subprocess.TimeoutExpired:
            return FAILED
    return done.returncode


def log_file() -> Path:
    """Return the log of the last command."""
    return embedded.state_folder("log") / "mutants.log"


def fails_in_tests(root: Path, label: str) -> bool:
    """Return whether tests fail; exit if they cannot be run."""
    code = in_copy(root, "-m", "pytest", "-x", "-q", label)
    if code not in (0, FAILED):
        sys.exit(f"pytest ended with {code} without a result, see {log_file()}: {label}")
    return code == FAILED


def fails_in_chaos(root: Path, options: str) -> bool:
    """Return whether chaos finds anything lost, doubled or wrong; exit if it does not end."""
    report = root / "chaos.json"
    code = in_copy(root, "-m", "development.chaos", "--json", str(report), *shlex.split(options))
    if not report.exists():
        sys.exit(f"chaos ended with {code} without a result, see {log_file()}: {options}")
    rows = json.loads(report.read_text("utf-8"))
    return bool(rows["lost"] + rows["doubled"] + rows["wrong final states"])


def judges(mutants: Iterable[Mutant]) -> dict[str, Callable[[Path], bool]]:
    """Return the functions that must notice these mutants; each takes the root of a clone and returns whether it fails."""
    tests = dict.fromkeys(label for mutant in mutants for label in mutant.tests)
    chaos = dict.fromkeys(mutant.chaos for mutant in mutants if mutant.chaos)
    found: dict[str, Callable[[Path], bool]] = {label: partial(fails_in_tests, label=label) for label in tests}
    return found | {f"chaos {options}": partial(fails_in_chaos, options=options) for options in chaos}


def show(name: str, judgments: dict[str, bool], wanted: bool) -> bool:
    """Print the result of each judge; return whether all are as wanted."""
    for judge, fails in judgments.items():
        print(
            f"{name:<50} {'noticed' if fails else 'silent':<9}{judge}{'' if fails is wanted else '   <-- WRONG'}",
            flush=True,
        )
    return all(fails is wanted for fails in judgments.values())


def main() -> int:
    """Try the chosen mutants; return 1 if one of them was not noticed by all its judges."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of the names of the mutants")
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if options.only in mutant.name]
    if not chosen:
        sys.exit(f"No mutant has such a name. The mutants are: {', '.join(mutant.name for mutant in MUTANTS)}.")
    with copy_of_clone() as root:
        # What fails on the unchanged code would seem to notice every mutant.
        is_sound = show("nothing is broken", {name: fails(root) for name, fails in judges(chosen).items()}, False)
    unnoticed = []
    for mutant in chosen if is_sound else []:
        with copy_of_clone() as root:
            mutant.apply(root)
            if not show(mutant.name, {name: fails(root) for name, fails in judges([mutant]).items()}, True):
                unnoticed.append(mutant.name)
    print(f"{len(chosen)} mutants; not noticed by all their judges: {', '.join(unnoticed) or 'none'}.")
    return 1 if unnoticed or not is_sound else 0


if __name__ == "__main__":
    sys.exit(main())

"""Subject and text of a subscription's own: Jinja in a sandbox that sees plain values and does nothing else.

Jinja's sandbox keeps templates from objects, but limits neither size nor memory. So a template is taken apart first, and only
what cannot grow is compiled: no assignment, macro, include, ``*``, ``%``, ``**`` or method of a value, few filters of our own
whose results are limited; loops are counted.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.text import shortened, storable
from nautobot_circuit_maintenance.mail.limits import Limits, run_limited
from nautobot_circuit_maintenance.outbound.documents import Line, Section, sections_as_html
from nautobot_circuit_maintenance.outbound.moments import moment_text
from nautobot_circuit_maintenance.outbound.texts import LONGEST_SUBJECT, Written

LONGEST_TEMPLATE = 10_000
LONGEST_VALUE = 10_000
"""Characters of a value, and of what a filter returns."""
LONGEST_OUTPUT = 256 * 1024
"""Characters; what is longer is cut."""
MOST_STEPS = 10_000
"""Of loops and filters; an iteration counts as one for each ten nodes in the loop."""
_DEEPEST = 50
_LIMITS = Limits(cpu_seconds=2, seconds=20, memory=256 * 1024**2)
"""A second wall, in case that the others have a hole."""
_NODES = frozenset(
    "Add And CondExpr Compare Concat Call Const Filter For Getattr Getitem If Keyword List Name Neg Not Operand Or Output Slice"
    " Sub Template TemplateData Test Tuple".split()
)
_TESTS = ("defined", "undefined", "none", "in", "equalto")
_OF_LOOPS = ("index", "index0", "first", "last", "length", "revindex", "revindex0")
# A width, as in "%1000000d", makes some systems write as many characters.
_DATE_FORMAT = re.compile(r"(?:[^%]|%[aAbBdHIjmMpSyYZz%]){1,60}")


class TemplateFailed(Exception):
    """A template cannot be used; ``str()`` is the reason for its author."""


def render(template: str, values: Mapping[str, Any], *, zone: tzinfo) -> str:
    """Return what a template makes of plain values (strings, numbers, times, tuples and dictionaries of them).

    ``zone`` is that of the filter ``date``. Raises TemplateFailed.
    """
    try:
        written: str = run_limited(lambda: _Sandbox(zone).written(template, _plain(values)), _LIMITS)
    except ParseError as error:  # run_limited: time or memory
        raise TemplateFailed("It takes too much time or memory.") from error
    return storable(written)


def apply(written: Written, *, subject: str, body: str, values: Mapping[str, Any], zone: tzinfo) -> Written:
    """Return a message in the words of a subscription's templates, of which one that is empty changes nothing.

    A template that fails leaves ours, with a line that says so: a message that is not sent would be worse.
    """
    failures = []
    if subject:
        try:
            line = shortened(render(subject, values, zone=zone), LONGEST_SUBJECT)
            written = replace(written, subject=line or written.subject)
        except TemplateFailed as error:
            failures.append(f"TEXT-01: The subject template of the subscription failed: {error}")
    if body:
        try:
            text = render(body, values, zone=zone).strip() or written.text
            written = replace(written, text=f"{text}\n", html=_html(text), headline=_first_line(text))
        except TemplateFailed as error:
            failures.append(f"TEXT-02: The text template of the subscription failed: {error}")
    if not failures:
        return written
    ending = "\n".join(failures)
    return replace(written, text=f"{written.text}\n{ending}\n", html=f"{written.html}\n{_html(ending)}")


def _first_line(text: str) -> str:
    return shortened(text.partition("\n")[0], 300)


def _html(text: str) -> str:
    """Return the text as HTML, its lines as they are: one template for both, so that they cannot differ."""
    paragraphs = (paragraph.split("\n") for paragraph in re.split(r"\n\s*\n", text))
    return sections_as_html([Section(tuple(map(Line, lines))) for lines in paragraphs])


def _plain(value: Any) -> Any:
    """Return a value of plain types only; raises TypeError for anything else, such as a row of the database."""
    if value is None or isinstance(value, (bool, int, datetime)):
        return value
    if isinstance(value, str):
        return value[:LONGEST_VALUE]
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return tuple(map(_plain, value))
    raise TypeError(f"Templates are not given values of the type {type(value).__name__}")


class _Sandbox(ImmutableSandboxedEnvironment):
    """The environment of one rendering, with its own count of steps."""

    def __init__(self, zone: tzinfo) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False, cache_size=0, extensions=())  # of plain text
        self._zone = zone
        self._steps = 0
        self.globals = {"range": self._range}
        self.tests = {name: self.tests[name] for name in _TESTS}
        filters: dict[str, Callable[..., Any]] = {
            "upper": lambda value: _text(value).upper(),
            "lower": lambda value: _text(value).lower(),
            "join": _joined,
            "default": _default,
            "length": len,
            "replace": _replaced,
            "date": self._date,
        }
        self.filters = {name: self._limited(function) for name, function in filters.items()}
        self.filters["_counted"] = self._counted

    def written(self, template: str, values: Mapping[str, Any]) -> str:
        """Return the output; raises TemplateFailed, whatever happens."""
        try:
            pieces = self._compiled(template).generate(**values)
            return _first(pieces, LONGEST_OUTPUT)
        except TemplateFailed:
            raise
        except RecursionError:  # the parser, or the compiler
            raise TemplateFailed("It is nested too deeply.") from None
        except (
            Exception
        ) as error:  # pylint: disable=broad-exception-caught  # a template is a program: any error is its own
            line = f" in line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
            kind = "" if isinstance(error, TemplateError) else f"{type(error).__name__}: "
            raise TemplateFailed(f"{shortened(kind + str(error), 200)}{line}") from None

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return the value of a key; values have no attributes here."""
        if isinstance(obj, LoopContext) and attribute in _OF_LOOPS:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return the value of a key or at a place."""
        if isinstance(obj, dict) and isinstance(argument, str):
            return obj[argument] if argument in obj else self.undefined(obj=obj, name=argument)
        if isinstance(obj, (str, tuple, list)) and isinstance(argument, (int, slice)):
            return obj[argument]
        raise SecurityError(f"'{shortened(str(argument), 40)}' cannot be read")

    def is_safe_callable(self, obj: Any) -> bool:
        """Return whether a template may call this."""
        return bool(obj == self._range)

    def _compiled(self, template: str) -> Any:
        if len(template) > LONGEST_TEMPLATE:
            raise TemplateFailed(f"It has more than {LONGEST_TEMPLATE:,} characters.")
        tree = self.parse(template)
        _check(tree, self.filters, depth=0)
        for loop in list(tree.find_all(nodes.For)):
            weight = nodes.Const(1 + sum(1 for _ in loop.find_all(nodes.Node)) // 10)
            loop.iter = nodes.Filter(loop.iter, "_counted", [weight], [], None, None)
        return self.from_string(tree)

    def _step(self, weight: int = 1) -> None:
        self._steps += weight
        if self._steps > MOST_STEPS:
            raise TemplateFailed(f"It takes more than {MOST_STEPS:,} steps.")

    def _counted(self, values: Any, weight: int) -> Iterator[Any]:
        for value in values:
            self._step(weight)
            yield value

    def _range(self, *bounds: int) -> range:
        numbers = range(*bounds)
        if len(numbers) > MOST_STEPS:
            raise TemplateFailed("Its range is too long.")
        return numbers

    def _limited(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def limited(*arguments: Any, **named: Any) -> Any:
            self._step()
            result = function(*arguments, **named)
            if isinstance(result, str) and len(result) > LONGEST_VALUE:
                raise TemplateFailed(f"A filter returns more than {LONGEST_VALUE:,} characters.")
            return result

        return limited

    def _date(self, value: datetime, form: str = "") -> str:
        """Return a time in UTC and the zone, or in the zone as ``form`` says (strftime)."""
        if not isinstance(value, datetime):
            raise TemplateFailed("The filter 'date' is for times.")
        if not form:
            return moment_text(value, self._zone)
        if not _DATE_FORMAT.fullmatch(form):
            raise TemplateFailed("The filter 'date' takes formats such as '%Y-%m-%d %H:%M %Z'.")
        return value.astimezone(self._zone).strftime(form)


def _check(node: nodes.Node, filters: Mapping[str, Any], *, depth: int) -> None:
    """Raise TemplateFailed unless everything in a template is on our lists."""
    what = _unavailable(node) or _unavailable_name(node, filters)
    if what:
        raise TemplateFailed(f"It uses {what}, which is not available (line {node.lineno}).")
    if depth > _DEEPEST:
        raise TemplateFailed("It is nested too deeply.")
    for child in node.iter_child_nodes():
        _check(child, filters, depth=depth + 1)


def _unavailable(node: nodes.Node) -> str:
    """Return what a template may not use; empty if it may."""
    name = type(node).__name__
    if name not in _NODES:
        return f"'{name.lower()}'"
    if isinstance(node, nodes.For) and node.recursive:
        return "a recursive loop"
    if isinstance(node, nodes.Call) and not (isinstance(node.node, nodes.Name) and node.node.name == "range"):
        return "a call"
    return ""


def _unavailable_name(node: nodes.Node, filters: Mapping[str, Any]) -> str:
    """Return the name of a filter, test or value that there is not; empty if there is, or it is only known when it runs."""
    if isinstance(node, nodes.Filter) and (node.name not in filters or node.name.startswith("_")):
        return f"the filter '{node.name}'"
    if isinstance(node, nodes.Test) and node.name not in _TESTS:
        return f"the test '{node.name}'"
    return "'self'" if isinstance(node, nodes.Name) and node.name == "self" else ""


def _first(pieces: Iterator[str], length: int) -> str:
    """Return the beginning of the output; what follows is never made."""
    found: list[str] = []
    size = 0
    for piece in pieces:
        found.append(piece[: length - size])
        size += len(found[-1])
        if size >= length:
            break
    return "".join(found)


def _text(value: Any) -> str:
    if not isinstance(value, (str, int)):
        raise TemplateFailed("A filter for text is used on something else.")
    return str(value)[:LONGEST_VALUE]


def _joined(values: Any, separator: str = "") -> str:
    texts = [_text(value) for value in values]
    if sum(map(len, texts)) + len(texts) * len(_text(separator)) > 2 * LONGEST_VALUE:
        raise TemplateFailed(f"A filter returns more than {LONGEST_VALUE:,} characters.")
    return _text(separator).join(texts)


def _replaced(value: Any, old: str, new: str) -> str:
    text, old, new = _text(value), _text(old), _text(new)
    if len(text) + text.count(old) * len(new) > 2 * LONGEST_VALUE:
        raise TemplateFailed(f"A filter returns more than {LONGEST_VALUE:,} characters.")
    return text.replace(old, new)


def _default(value: Any, other: Any = "", boolean: bool = False) -> Any:
    """Return the other value for one that is missing, or (with ``boolean``) empty."""
    return other if isinstance(value, StrictUndefined) or (boolean and not value) else value

"""What the exceptions of the parser library mean to an operator."""

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.text import shortened

_MAX_REASON_LENGTH = 300
NO_CONTENT = "READ-03"
_XLSX_EXTRA = (
    "READ-05",
    "The message has an Excel sheet. Install the extra 'xlsx' on the workers, restart them, then reprocess.",
)
# Code and reason by a part of the library's message.
_MEANINGS = {
    "None of the supported parsers": (
        NO_CONTENT,
        "The message has no content this parser can read (genericprovider reads BCOP calendars, most other parsers HTML).",
    ),
    "'pandas'": _XLSX_EXTRA,
    "'openpyxl'": _XLSX_EXTRA,
    "has no attribute 'dt'": ("READ-06", "The calendar event is missing DTSTART, DTEND or DTSTAMP."),
    "'datetime.date' object": ("READ-07", "The calendar event is an all-day event without times."),
}
# Packages whose messages are written for people.
_READABLE = "circuit_maintenance_parser"


def parse_error(error: Exception) -> ParseError:
    """Return the reason why the library failed, in short: its own messages carry whole mail bodies."""
    causes = getattr(error, "related_exceptions", ()) or (error,)
    return ParseError.joined(_meaning(_innermost(cause)) for cause in causes)


def _innermost(error: BaseException) -> BaseException:
    """Return the first cause; the library raises some errors of its own without naming ours as the cause."""
    while cause := error.__cause__ or (isinstance(error.__context__, ParseError) and error.__context__):
        error = cause
    return error


def _meaning(cause: BaseException) -> ParseError:
    """Return what one exception means."""
    if isinstance(cause, ParseError):
        return cause
    if isinstance(cause, MemoryError):
        return ParseError("READ-19", "Parsing needed too much memory.")
    text = str(cause)
    for part, (code, reason) in _MEANINGS.items():
        if part in text:
            return ParseError(code, reason)
    if hasattr(cause, "errors"):  # pydantic's ValidationError; as a string it quotes its input, the mail.
        found = cause.errors(include_url=False, include_input=False)
        details = ", ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found)
        return ParseError("READ-20", f"The parser found invalid values: {shortened(details, _MAX_REASON_LENGTH)}.")
    line = text.partition("\n")[0]
    if not (line and type(cause).__module__.startswith(_READABLE)):
        line = f"{type(cause).__name__}: {line}"
    return ParseError("READ-21", f"The parser failed: {shortened(line, _MAX_REASON_LENGTH)}")

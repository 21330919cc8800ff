"""Words that the product and its source avoid: `python -m development.docs.words` lists the lines that use them.

It checks comments, docstrings and other strings of code (in tests only comments and docstrings), and all lines of templates
and documentation. A line that has to use such a word, for example in a quotation, is listed in words_allowed.txt with the
reason.
"""

import argparse
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from development.bootstrap import ROOT

ALLOWED = Path(__file__).with_name("words_allowed.txt")
FOLDERS = ("nautobot_circuit_maintenance", "development", "docs", ".github")
# Built or made from the rest; other people's emails; the word list itself.
SKIPPED = (
    "nautobot_circuit_maintenance/docs/",
    "development/samples/",
    "development/docs/words",
    "docs/release-notes.md",
)
SUFFIXES = {".py", ".html", ".md", ".yml"}
STRINGS = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
_STATEMENT_STARTS = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
_COMPARATIVES = (
    "longer|more than|less|fewer|later|earlier|older|newer|greater|larger|smaller|bigger|faster|slower|better|worse"
)

# What to write instead, and how to find what to avoid.
WORDS = {
    "affected": r"hits?(?<!cache hit)(?<!cache hits)",
    "also": r"besides",
    "continues": r"(?:go|goes|went|gone) on",
    "email, emails": r"e-mails?",
    "fix": r"mend(?:s|ed|ing)?",
    "manually": r"by hand",
    "no longer": r"no more(?! than)",
    "no one": r"nobody(?:'s)?",
    "not a valid": rf"(?<!there )(?:is|are|was|were) no (?!one\b|(?:{_COMPARATIVES})\b)\w+",
    "recently": r"lately",
    "recreated": r"anew",
    "return, raise, report": r"told|hears?|heard|tells? (?:whether|if|how|what|which|when|where|why|it|us)",
    "someone, anyone": r"somebody(?:'s)?|whoever",
    "start (noun)": r"(?:the|its|their|this|a|each|every) begins?|begins? of",
    "string": r"a text(?! (?:file|mode|field|part|input|area))",
    "then, in the meantime": r"meanwhile",
    "unknown sender": r"strangers?(?:')?",
    "waits, is due": r"owes?|owed",
}
PATTERNS = {better: re.compile(rf"\b(?:{worse})(?!\w)", re.IGNORECASE) for better, worse in WORDS.items()}


@dataclass(frozen=True)
class Found:
    """A word to avoid in a line of a file."""

    path: str
    number: int
    line: str
    word: str
    better: str

    def __str__(self) -> str:
        """Return the place as linters write it."""
        return f"{self.path}:{self.number}: {self.word!r}: {self.better}"


def files() -> Iterator[Path]:
    """Yield what is checked."""
    paths = [*ROOT.glob("*.py"), *ROOT.glob("*.md")]
    for folder in FOLDERS:
        paths += (path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES)
    for path in sorted(paths):
        if not str(path.relative_to(ROOT)).startswith(SKIPPED):
            yield path


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and content of each line of prose: in code, of its comments and strings."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), 1)
        return
    # The other strings of tests are data.
    docstrings_only = "tests" in path.parts
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        is_docstring = token.type == tokenize.STRING and before in _STATEMENT_STARTS
        if token.type == tokenize.COMMENT or is_docstring or (token.type in STRINGS and not docstrings_only):
            yield from enumerate(token.string.splitlines(), token.start[0])
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            before = token.type


def found(paths: Iterator[Path] | list[Path]) -> Iterator[Found]:
    """Yield every word to avoid in these files."""
    for path in paths:
        name = str(path.resolve().relative_to(ROOT))
        for number, line in prose(path):
            for better, worse in PATTERNS.items():
                yield from (Found(name, number, line, match[0], better) for match in worse.finditer(line))


def allowed() -> list[tuple[str, str]]:
    """Return path and part of the line of each exception; the reason is for people."""
    lines = ALLOWED.read_text("utf-8").splitlines()
    entries = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    return [(path, part) for path, part, _reason in entries]


def check(paths: Iterator[Path] | list[Path]) -> tuple[list[Found], set[tuple[str, str]]]:
    """Return what is found and not allowed, and the exceptions that were needed."""
    exceptions = allowed()
    left, used = [], set()
    for each in found(paths):
        fitting = {(path, part) for path, part in exceptions if path == each.path and part in each.line}
        used |= fitting
        if not fitting:
            left.append(each)
    return left, used


def main() -> None:
    """List the words that are found, count them, and fail if there are any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", action="store_true", help="only count them, by word and by folder")
    parser.add_argument("paths", nargs="*", type=Path, help="files to check instead of all")
    chosen = parser.parse_args()
    # A hook names every changed file.
    every = list(files())
    paths = [path for path in every if path in {given.resolve() for given in chosen.paths}] if chosen.paths else every
    left, used = check(paths)
    if not chosen.counts:
        print("".join(f"{each}\n" for each in left), end="")
    else:
        for title in ("word", "folder"):
            counts = Counter(each.word.lower() if title == "word" else str(Path(each.path).parent) for each in left)
            print("".join(f"{count:5} {name}\n" for name, count in counts.most_common()))
    unused = [] if chosen.paths else sorted(set(allowed()) - used)
    print("".join(f"{path}: not needed in {ALLOWED.name}: {part}\n" for path, part in unused), end="")
    if left or unused:
        sys.exit(f"{len(left)} words to avoid, {len(unused)} exceptions that are not needed.")


if __name__ == "__main__":
    main()

"""What a correction is, and what the corrections note about the message that is being read."""

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple, Protocol

Method = Callable[..., Any]
Data = dict[str, Any]
"""What a parser of the library found: the fields of a maintenance by their names."""


class Modules(NamedTuple):
    """The parser modules of the library, one for each provider."""

    package: ModuleType

    def __call__(self, name: str) -> Any:
        """Return a module by its name ("cogent")."""
        return importlib.import_module(f"{self.package.__name__}.{name}")

    def all(self) -> list[Any]:
        """Return every module."""
        return [self(module.name) for module in pkgutil.iter_modules(self.package.__path__)]


class Correction(Protocol):
    """A known error of the parser library and its remedy."""

    name: str
    """As stored in the evidence; stable."""

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the installed library still has the error: it reads a sample of it wrong.

        An exception means that it has.
        """

    def install(self, modules: Modules) -> None:
        """Change the library's modules, once per process."""


@dataclass
class Notes:
    """What was corrected in the message that is being read, and what remains doubtful; cleared for each reading."""

    corrected: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def clear(self) -> None:
        """Forget everything."""
        self.corrected.clear()
        self.doubts.clear()

    def correct(self, name: str) -> None:
        """Note that a correction changed something."""
        if name not in self.corrected:
            self.corrected.append(name)

    def doubt(self, sentence: str) -> None:
        """Note that a person should check something."""
        if sentence not in self.doubts:
            self.doubts.append(sentence)


notes = Notes()


def wrap(owner: Any, name: str, advice: Method) -> None:
    """Replace a function or method of the library; the advice gets the original and then its arguments."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def replacement(*args: Any) -> Any:
        return advice(original, *args)

    setattr(owner, name, replacement)


def text_of(element: Any) -> str:
    """Return the text of an element of an HTML document with single spaces."""
    return " ".join(element.get_text(" ").split())

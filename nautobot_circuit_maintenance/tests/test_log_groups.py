"""Log lines that Nautobot stores name the group they are shown in: without it, that is the name of a function of ours."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.test import SimpleTestCase

APP = Path(__file__).parents[1]
_LEVELS = ("info", "warning", "error", "exception", "critical")
_NOT_IN_JOBS = (
    *("tests", "migrations", "takeover", "views", "api"),
    *("homepage.py", "metrics.py", "signals.py"),
)
"""What no job runs: pages, and what happens while Nautobot starts or migrates."""


def log_calls(tree: ast.AST, function: str = "") -> Iterator[tuple[str, ast.Call]]:
    """Yield the calls of loggers, with the name of the function around each."""
    for node in ast.iter_child_nodes(tree):
        name = node.name if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else function
        called = node.func if isinstance(node, ast.Call) else None
        if (
            isinstance(called, ast.Attribute)
            and called.attr in _LEVELS
            and "logger" in ast.unparse(called.value).lower()
        ):
            yield name, node  # type: ignore[misc]  # a call: see above
        yield from log_calls(node, name)


class LogGroups(SimpleTestCase):
    """Of jobs, the pipeline and the mailboxes."""

    def test_every_log_line_of_a_job_names_its_group(self):
        """Only ``run`` itself need not: that is the group that core shows for any job."""
        found = 0
        for path in sorted(APP.rglob("*.py")):
            place = path.relative_to(APP)
            if place.parts[0] in _NOT_IN_JOBS:
                continue
            for function, call in log_calls(ast.parse(path.read_text())):
                found += 1
                with self.subTest(str(place), line=call.lineno):
                    has_group = any(keyword.arg == "extra" for keyword in call.keywords)
                    self.assertTrue(has_group or (str(place) == "jobs.py" and function == "run"))
        self.assertGreater(found, 20)

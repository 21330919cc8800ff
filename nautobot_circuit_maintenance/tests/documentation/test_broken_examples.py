"""The test of the examples would notice: each of these is wrong in one way, and refused."""

import pytest

from nautobot_circuit_maintenance.tests.documentation import world
from nautobot_circuit_maintenance.tests.documentation.pages import ROOT, Example, examples
from nautobot_circuit_maintenance.tests.documentation.test_examples import Reader

pytestmark = pytest.mark.nightly
CURL = 'curl -H "Authorization: Token $TOKEN"'
LIST = '"$NAUTOBOT/api/plugins/circuit-maintenance/maintenance/'
BROKEN = {
    "no language": ("", "anything"),
    "a language that is not run": ("yaml", "a: 1"),
    "a key that the app does not know": (
        "python",
        'PLUGINS_CONFIG = {"nautobot_circuit_maintenance": {"maximum_message_size": 1}}',
    ),
    "a source with a mistake": (
        "python",
        '{"name": "Mail", "url": "pop://example.com", "account": "a", "secret": "b"}',
    ),
    "an undefined variable": (
        "python",
        '{"name": "Mail", "url": "imap://h", "account": "a", "secret": os.environ.get("CM_NS_7_SECRET", "")}',
    ),
    "a setting that Nautobot does not know": ("python", "PLUGIN = []"),
    "code that fails": ("python", "from nautobot_circuit_maintenance import nonsense"),
    "a filter that does not exist": ("shell", f'{CURL} {LIST}?nonsense=1"'),
    "another status": ("shell", f'# 201\n{CURL} {LIST}"'),
    "a list that finds nothing": ("shell", f'{CURL} {LIST}?ticket=nonsense"'),
    "no token": ("shell", f'curl {LIST}"'),
    "another site": ("shell", "curl https://example.com/"),
    "a variable that the page does not set": ("shell", f'{CURL} {LIST}$NONSENSE/"'),
    "an option of curl that we do not know": ("shell", f'curl --nonsense {LIST}"'),
    "a command that Nautobot does not have": ("shell", "nautobot-server nonsense"),
    "an option that a command does not have": ("shell", "nautobot-server post_upgrade --nonsense"),
    "a job that does not exist": (
        "shell",
        "nautobot-server runjob -u admin nautobot_circuit_maintenance.jobs.Nonsense",
    ),
    "a file that is not there": ("shell", "nautobot-server ingest_notifications nonsense.eml"),
    "code for the shell that fails": ("shell", "echo 'nonsense()' | nautobot-server nbshell"),
    "a task that does not exist": ("shell", "invoke nonsense"),
    "an option that a task does not have": ("shell", "invoke demo --nonsense"),
    "help about no task": ("shell", "invoke --help nonsense"),
    "an extra that the package does not have": ("shell", 'pip install "nautobot-circuit-maintenance[nonsense]"'),
    "another package": ("shell", "pip install nautobot-circuit-maintenances"),
    "a service of another name": ("shell", "sudo systemctl restart nautobot-celery"),
    "a quotation mark that does not close": ("shell", "echo 'nonsense"),
    "a command that git does not have": ("shell", "git nonsense"),
    "a program that is not tested": ("shell", "rm -r /"),
    "a field that GraphQL does not know": ("graphql", "{ circuit_maintenances { nonsense } }"),
    "a query that finds nothing": ("graphql", '{ circuit_maintenances(name: "nonsense") { name } }'),
    "an answer to nothing": ("json", "{}"),
    "a tree with a file that is not there": ("text", "nautobot_circuit_maintenance/\n  nonsense.py"),
}
ANSWERED = f'{CURL} {LIST}?limit=1"'
WRONG_ANSWERS = {
    "no JSON": "{'count': 1}",
    "a key that is not there": '{"results": [{"nonsense": 1}]}',
    "a value of another kind": '{"count": "1"}',
}


@pytest.fixture(name="reader")
def follow_examples(db, tmp_path, monkeypatch):  # pylint: disable=unused-argument  # db opens the database
    """Be where examples are tried."""
    monkeypatch.chdir(tmp_path)
    for name, value in world.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return Reader(tmp_path)


def example(language: str, text: str) -> Example:
    """Return a block of a page."""
    return Example(ROOT / "README.md", 1, language, text, "")


def test_what_is_wrong_is_refused(reader):
    passed = []
    for name, (language, text) in BROKEN.items():
        try:
            reader.follow(example(language, text))
        except (  # pylint: disable=broad-exception-caught  # each is wrong in a way of its own
            Exception,
            SystemExit,  # argparse
        ):
            continue
        passed.append(name)
    assert not passed


def test_an_answer_that_is_not_as_shown_is_refused(reader):
    for name, shown in WRONG_ANSWERS.items():
        reader.follow(example("shell", ANSWERED))
        with pytest.raises((AssertionError, ValueError)):
            reader.follow(example("json", shown))
            pytest.fail(name)


def test_blocks_are_found_with_their_language_and_the_test_that_runs_them(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        'text\n\n```python\na = 1\n```\n\n<!-- run by: tests/test_x.py -->\n```python title="x.py"\nb = 2\n```\n\n'
        '1. in a list\n\n    ```shell\n    ls\n    ```\n\n~~~\nwild\n~~~\n\n```python hl_lines="1"\nc = 3\n```\n',
        encoding="utf-8",
    )

    found = [(each.line, each.language, each.text, each.run_by) for each in examples(page)]

    assert found == [
        (3, "python", "a = 1", ""),
        (8, "python", "b = 2", "tests/test_x.py"),
        (14, "shell", "ls", ""),
        (18, "", "wild", ""),
        (22, "", "c = 3", ""),
    ]

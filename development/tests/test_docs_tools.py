"""The checks of words and of line ends find what they are for, and nothing else."""

import pytest

from development.docs import words
from development.end_of_file import corrected


@pytest.mark.parametrize(
    "line",
    [
        "The sender is told.",
        "Tell whether it is open.",
        "Whoever reads it",
        "It is no number.",
        "The run goes on.",
        "They are made anew",
        "the begins of their names",
        "Nobody's fault",
    ],
)
def test_words_to_avoid_are_found(line):
    assert [better for better, pattern in words.PATTERNS.items() if pattern.search(line)], line


@pytest.mark.parametrize(
    "line",
    [
        "It is no longer open; there is no number.",
        "no more than ten",
        "a text file",
        "a cache hit",
        "Ctrl-C ends it.",
        "It begins at noon.",
        "amended",
    ],
)
def test_ordinary_words_are_left(line):
    assert not [better for better, pattern in words.PATTERNS.items() if pattern.search(line)], line


def test_code_is_checked_in_its_comments_and_strings_only(tmp_path):
    module = tmp_path / "module.py"
    module.write_text('"""One.\n\nTwo."""\ntold = "three" + nobody  # four\n', "utf-8")

    text = "\n".join(line for _, line in words.prose(module))

    assert text.split() == ['"""One.', 'Two."""', '"three"', "#", "four"]


def test_other_strings_of_tests_are_data(tmp_path):
    module = tmp_path / "tests" / "test_module.py"
    module.parent.mkdir()
    module.write_text('"""One."""\n\n\ndef f():\n    """Two."""\n    return ("three",)  # four\n', "utf-8")

    assert [line for _, line in words.prose(module)] == ['"""One."""', '"""Two."""', "# four"]


def test_every_exception_has_a_reason():
    lines = [line for line in words.ALLOWED.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if line.count(" | ") != 2 or not line.split(" | ")[2].strip()] == []


@pytest.mark.parametrize(
    ("content", "right"), [(b"a", b"a\n"), (b"a \n\n\n", b"a\n"), (b"a\n", b"a\n"), (b"", b""), (b"a\t\nb", b"a\nb\n")]
)
def test_files_end_with_one_line_end(content, right):
    assert corrected(content) == right


def test_markdown_keeps_the_spaces_that_break_a_line():
    assert corrected(b"a  \nb", keeps_spaces=True) == b"a  \nb\n"

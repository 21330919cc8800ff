"""The text of a message in lines that keep their place."""

import unittest

from nautobot_circuit_maintenance.mail.blocks import LONGEST_TEXT, MailText, mail_text


def text_of(*, plain: str = "", html: str = "", is_reply: bool = False) -> MailText:
    """Return the text of a message with the subject "S"."""
    return mail_text("S", [plain] if plain else [], [html] if html else [], is_reply=is_reply)


def lines(mail: MailText) -> list[str]:
    """Return the lines behind the subject."""
    return [mail.of(line) for line in mail.lines[1:]]


class TestLines(unittest.TestCase):
    """Lines and offsets."""

    def test_the_subject_is_the_first_line(self):
        mail = text_of(plain="Hello\n\nWorld")

        self.assertEqual(mail.text, "S\nHello\nWorld")
        self.assertEqual([line.is_subject for line in mail.lines], [True, False, False])
        self.assertEqual([mail.line_number(mail.text.index(word)) for word in ("S", "Hello", "World")], [0, 1, 2])

    def test_html_has_one_line_per_block_and_no_styles(self):
        mail = text_of(html="<style>p{}</style><p>One <b>two</b></p>three<br>four<div>five</div>")
        self.assertEqual(lines(mail), ["One two", "three", "four", "five"])

    def test_plain_text_counts_where_it_says_more(self):
        self.assertEqual(
            lines(text_of(plain="a long notice of planned work", html="<p>x</p>")), ["a long notice of planned work"]
        )
        self.assertEqual(lines(text_of(plain="notice", html="<p>notice in HTML</p>")), ["notice in HTML"])

    def test_wide_characters_are_folded_one_for_one(self):
        self.assertEqual(lines(text_of(plain="２２：００　\u00a0～ x")), ["22:00  ~ x"])

    def test_a_calendar_in_the_text_is_left_out(self):
        self.assertEqual(lines(text_of(plain="Notice\nBEGIN:VCALENDAR\nDTSTART:20260314T220000Z")), ["Notice"])

    def test_a_long_text_is_cut(self):
        mail = text_of(plain="word\n" * LONGEST_TEXT)

        self.assertTrue(mail.is_cut)
        self.assertLessEqual(len(mail.text), LONGEST_TEXT)


class TestTables(unittest.TestCase):
    """Cells."""

    def test_cells_have_table_row_and_column(self):
        html = "<table><tr><td>a</td><td>b<br>c</td></tr><tr><td colspan=2>d</td><td>e</td></tr></table><table><tr><td>f</td></tr></table>"
        mail = text_of(html=html)
        found = {mail.of(line): tuple(line.cell) for line in mail.lines[1:]}

        self.assertEqual(
            found, {"a": (0, 0, 0), "b": (0, 0, 1), "c": (0, 0, 1), "d": (0, 1, 0), "e": (0, 1, 2), "f": (1, 0, 0)}
        )

    def test_cells_over_several_rows_shift_the_next_ones(self):
        html = "<table><tr><td rowspan=2>a</td><td>b</td></tr><tr><td>c</td></tr><tr><td>d</td></tr></table>"
        mail = text_of(html=html)
        self.assertEqual([line.cell.column for line in mail.lines[1:]], [0, 1, 1, 0])

    def test_columns_of_plain_text_are_a_table(self):
        for plain in (
            "Event   Date   Time\nStart   1 May   22:00",
            "| Event | Date | Time |\n|---|---|---|\n| Start | 1 May | 22:00 |",
        ):
            with self.subTest(plain):
                mail = text_of(plain=plain)
                found = [(mail.of(line), line.cell.row, line.cell.column) for line in mail.lines[1:]]
                heading, row = ("Event", "Date", "Time"), ("Start", "1 May", "22:00")
                expected = [(text, 0, n) for n, text in enumerate(heading)] + [
                    (text, 1, n) for n, text in enumerate(row)
                ]
                self.assertEqual(found, expected)


class TestMarks(unittest.TestCase):
    """What is struck out or quoted."""

    def test_struck_out_text(self):
        mail = text_of(html="<p>a <s>b c</s> d <span style='color:red;text-decoration:line-through'>e</span></p>")
        self.assertEqual("".join(each for n, each in enumerate(mail.text) if mail.is_struck(n)), "b ce")

    def test_quoted_lines_stay_and_are_marked(self):
        plain = "Cancelled.\n\nOn Mon, 2 Mar 2026, NOC <noc@isp.example> wrote:\n> Start: 22:00\n> End: 23:00"
        mail = text_of(plain=plain, is_reply=True)

        self.assertEqual(
            [mail.of(line) for line in mail.lines if line.is_quoted][1:], ["> Start: 22:00", "> End: 23:00"]
        )
        self.assertEqual(mail.own, "S\nCancelled.")

    def test_a_forward_is_no_quote(self):
        mail = text_of(
            plain="FYI\n\n---------- Forwarded message ---------\nFrom: NOC <noc@isp.example>\n\nStart: 22:00"
        )
        self.assertEqual([line for line in mail.lines if line.is_quoted], [])

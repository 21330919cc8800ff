"""Tests of charset labels, wrong labels, and encoded words."""

import unittest

from nautobot_circuit_maintenance.mail.charsets import codec, decode_words, decoded


class TestLabels(unittest.TestCase):
    """A label means what the Encoding Standard of the WHATWG says."""

    def test_labels_name_the_larger_charset(self):
        for label, expected in (
            ("gb2312", "gb18030"),
            ("GB_2312-80", "gb18030"),
            ("ks_c_5601-1987", "cp949"),
            ("euc-kr", "cp949"),
            ("euc_kr", "cp949"),
            ("x-gbk", "gb18030"),
            ("ISO_8859_1", "cp1252"),
            ("windows-874", "cp874"),
            ("iso-8859-8-i", "iso8859-8"),
            ("ISO-8859-1", "cp1252"),
            ("iso-8859-9", "cp1254"),
            ("shift_jis", "cp932"),
            ("big5", "big5hkscs"),
            ("x-mac-roman", "mac-roman"),
            ("x-mac-cyrillic", "mac-cyrillic"),
            ("iso-2022-kr", "iso2022_kr"),
            ("utf-7", "utf-7"),
            ("cp850", "cp850"),
        ):
            with self.subTest(label):
                self.assertEqual(codec(label), expected)

    def test_what_is_no_charset_of_mail_is_unknown(self):
        for label in ("idna", "punycode", "hex", "zip", "unicode_escape", "rot13", "replacement", "", "x" * 999):
            with self.subTest(label):
                self.assertEqual(codec(label), "")


class TestDecoding(unittest.TestCase):
    """Bytes are read whatever their label is."""

    def test_a_byte_order_mark_goes_before_the_label(self):
        for encoding in ("utf-8-sig", "utf-16", "utf-32"):
            with self.subTest(encoding):
                self.assertEqual(decoded("Zürich".encode(encoding), "iso-8859-1"), "Zürich")

    def test_utf_16_without_a_mark_is_recognized(self):
        for encoding in ("utf-16-le", "utf-16-be"):
            with self.subTest(encoding):
                self.assertEqual(decoded("BEGIN:VCALENDAR".encode(encoding), "utf-8"), "BEGIN:VCALENDAR")

    def test_a_wrong_label_is_ignored(self):
        self.assertEqual(decoded("Zürich – Köln".encode(), "us-ascii"), "Zürich – Köln")
        self.assertEqual(decoded("Zürich".encode("latin-1"), "utf-8"), "Zürich")
        self.assertEqual(decoded("Zürich".encode(), "x-none"), "Zürich")
        self.assertEqual(decoded("“Zürich” €".encode("cp1252"), "iso-8859-1"), "“Zürich” €")

    def test_one_bad_byte_leaves_the_rest_readable(self):
        self.assertEqual(decoded("計画停止".encode("cp932") + b"\xff", "shift_jis")[:4], "計画停止")
        self.assertEqual(decoded("Пла".encode() + b"\xff" + "н".encode(), "utf-8"), "Пла\ufffdн")

    def test_iso_2022_jp_may_have_the_characters_of_windows(self):
        self.assertEqual(decoded(b"\x1b$B-!\x1b(B", "iso-2022-jp"), "①")


class TestEncodedWords(unittest.TestCase):
    """Encoded words are decoded as far as they can be."""

    def test_a_character_may_be_split_between_two_words(self):
        self.assertEqual(decode_words("=?utf-8?b?w7w=?= =?utf-8?b?w7zD?=\r\n =?utf-8?b?vA==?= x"), "üüü x")

    def test_text_around_words_is_kept(self):
        self.assertEqual(decode_words("a =?utf-8?q?b_c?= d =?gb2312?b?hnc=?="), "a b c d " + b"\x86w".decode("gb18030"))

    def test_the_language_of_a_word_is_left_out(self):
        self.assertEqual(decode_words("=?us-ascii*en?q?Planned?="), "Planned")

    def test_what_is_no_word_stays(self):
        for text in ("=?utf-8?b?!!!?=", "=?x-none?q?=FC?=", "=?utf-8?z?abc?=", "1 =? 2 ?= 3", "=?"):
            with self.subTest(text):
                self.assertEqual(decode_words(text), text)

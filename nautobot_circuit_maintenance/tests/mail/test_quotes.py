"""Tests of the newest text of a message: what it quotes is left out."""

import unittest

import pytest

from nautobot_circuit_maintenance.mail.quotes import is_reply, newest_text
from nautobot_circuit_maintenance.mail.quotes_html import newest_html
from nautobot_circuit_maintenance.mail.text import unflowed
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below

HEADER_BLOCK = (
    "From: NOC <noc@isp.example>\nSent: Friday, 20 November 2026 12:00\nTo: ops\nSubject: Planned work\n\nOld\n"
)
ATTRIBUTIONS = (
    "On Fri, 20 Nov 2026 at 12:00, NOC <noc@isp.example> wrote:",
    "On Fri, 20 Nov 2026 at 12:00, The Network Operations Center of the Provider\n<noc@isp.example> wrote:",
    "NOC wrote on 20/11/2026 12:00:",
    "Am Fr., 20. Nov. 2026 um 12:00 Uhr schrieb NOC <noc@isp.example>:",
    "Le ven. 20 nov. 2026 à 12:00, NOC <noc@isp.example> a écrit :",
    "El vie, 20 nov 2026 a las 12:00, NOC (<noc@isp.example>) escribió:",
    "Il giorno ven 20 nov 2026 alle ore 12:00 NOC <noc@isp.example> ha scritto:",
    "Em sex., 20 de nov. de 2026 às 12:00, NOC <noc@isp.example> escreveu:",
    "Op vr 20 nov. 2026 om 12:00 schreef NOC <noc@isp.example>:",
    "pt., 20 lis 2026 o 12:00 NOC <noc@isp.example> napisał(a):",
    "20.11.2026 12:00, NOC пишет:",
    "2026年11月20日(金) 12:00 NOC <noc@isp.example>:",
    "NOC <noc@isp.example> ezt írta (időpont: 2026. nov. 20., P, 12:00):",
    "Pe vin., 20 nov. 2026 la 12:00, NOC <noc@isp.example> a scris:",
    "Στις Παρ 20 Νοε 2026 στις 12:00, ο χρήστης NOC <noc@isp.example> έγραψε:",
)
BLOCKS = {
    "German": "Von: {}|Gesendet: Freitag|An: ops|Betreff: x",
    "French": "De : {}|Envoyé : vendredi|À : ops|Objet : x",
    "Spanish": "De: {}|Enviado el: viernes|Para: ops|Asunto: x",
    "Italian": "Da: {}|Inviato: venerdì|A: ops|Oggetto: x",
    "Dutch": "Van: {}|Verzonden: vrijdag|Aan: ops|Onderwerp: x",
    "Swedish": "Från: {}|Skickat: fredag|Till: ops|Ämne: x",
    "Polish": "Od: {}|Wysłano: piątek|Do: ops|Temat: x",
    "Hungarian": "Feladó: {}|Elküldve: péntek|Címzett: ops|Tárgy: x",
    "Romanian": "De la: {}|Trimis: vineri|Către: ops|Subiect: x",
    "Greek": "Από: {}|Στάλθηκε: Παρασκευή|Προς: ops|Θέμα: x",
    "Russian": "От: {}|Отправлено: пятница|Кому: ops|Тема: x",
    "Ukrainian": "Від: {}|Надіслано: п'ятниця|Кому: ops|Тема: x",
    "Bulgarian": "От: {}|Изпратено: петък|До: ops|Относно: x",
    "Croatian": "Od: {}|Poslano: petak|Prima: ops|Predmet: x",
    "Slovak": "Od: {}|Odoslané: piatok|Komu: ops|Predmet: x",
    "Turkish": "Kimden: {}|Gönderildi: Cuma|Kime: ops|Konu: x",
    "Hebrew": "מאת: {}|נשלח: יום שישי|אל: ops|נושא: x",
    "Arabic": "من: {}|تم الإرسال: الجمعة|إلى: ops|الموضوع: x",
    "Vietnamese": "Từ: {}|Đã gửi: Thứ Sáu|Đến: ops|Chủ đề: x",
    "Chinese": "发件人：{}|发送时间：星期五|收件人：ops|主题：x",
    "Japanese": "差出人: {}|送信日時: 金曜日|宛先: ops|件名: x",
    "GMX, the date first": "Gesendet: Freitag um 12:00 Uhr|Von: {}|An: ops|Betreff: x",
    "Lotus Notes, the recipient first": "To: ops|From: {}|Date: 11/20/2026 12:00PM|Subject: x",
    "Pine, the date first": "Date: Fri, 20 Nov 2026 12:00:00 +0000|From: {}|To: ops|Subject: x",
}
DIVIDERS = (
    "-----Original Message-----",
    "-------- Originalnachricht --------",
    "-------- Original-Nachricht --------",
    "----- Ursprüngliche Mail -----",
    "-------- Message original --------",
    "----- Mail original -----",
    "-------- Origineel bericht --------",
    "-------- Originalmeddelande --------",
    "-------- Oryginalna wiadomość --------",
    "-------- Eredeti üzenet --------",
    "-------- Αρχικό μήνυμα --------",
)


def text(content: str) -> str:
    """Return the newest text of a reply."""
    return newest_text(content, is_reply=True).strip()


def html(content: str, *, reply: bool = True) -> str:
    """Return the newest HTML of a message."""
    return newest_html(content, is_reply=reply)


class TestReplies(unittest.TestCase):
    """Whether a message is a reply."""

    def test_the_subject_or_the_header_marks_it(self):
        for subject in (
            "Re: Works",
            "RE: Works",
            "AW: Works",
            "[External] Re[2]: Works",
            "回复：工作",
            "SV : Arbete",
            "R: Lavori",
            "VS: Työt",
            "Ответ: x",
        ):
            with self.subTest(subject):
                self.assertTrue(is_reply(subject, answers=False))
        self.assertTrue(is_reply("Works", answers=True))
        self.assertFalse(is_reply("Works: re: fibre", answers=False))

    def test_a_forward_is_none(self):
        for subject in ("Fwd: Works", "FW: RE: Works", "WG: Arbeiten", "[x] TR: Travaux", "I: Lavori", "Пересл: x"):
            with self.subTest(subject):
                self.assertFalse(is_reply(subject, answers=True))


class TestText(unittest.TestCase):
    """Quotes in plain text."""

    def test_marked_lines_and_their_attribution_are_left_out(self):
        for attribution in ATTRIBUTIONS:
            with self.subTest(attribution):
                self.assertEqual(text(f"Moved.\n\n{attribution}\n\n> Planned\n> Start: 1\n"), "Moved.")

    def test_what_stands_between_or_below_quotes_is_kept(self):
        self.assertEqual(text("> first\nYes.\n> second\nNo.\n"), "Yes.\nNo.")

    def test_everything_below_a_header_block_or_divider_is_left_out(self):
        for start in (
            "",
            "________________________________\n",
            "-----Original Message-----\n",
            "----- Ursprüngliche Nachricht -----\n",
        ):
            with self.subTest(start):
                self.assertEqual(text(f"Moved.\n\n{start}{HEADER_BLOCK}").rstrip("_\n"), "Moved.")

    def test_the_header_block_of_any_language_and_order_starts_a_quote(self):
        for language, block in BLOCKS.items():
            with self.subTest(language):
                lines = block.format("NOC <noc@isp.example>").split("|")
                found = text("\n".join(("Moved.", "", *lines, "", "Old")))
                self.assertEqual(found.removesuffix("To: ops").strip(), "Moved.")
                page = f"<p>Moved.</p><div><b>{'<br><b>'.join(lines)}</div><p>OLD</p>".replace("<noc", "&lt;noc")
                for quoted in (page, page.replace(" :", "&nbsp;:"), page.replace("å", "&aring;")):
                    self.assertNotIn("OLD", html(quoted))

    def test_the_divider_of_any_language_starts_a_quote(self):
        for divider in DIVIDERS:
            with self.subTest(divider):
                self.assertEqual(text(f"Moved.\n\n{divider}\nOld"), "Moved.")
                self.assertNotIn("OLD", html(f"<p>Moved.</p><p>{divider}</p><p>OLD</p>"))

    def test_a_notice_between_two_places_or_times_is_not_cut(self):
        for route in ("From: Frankfurt\nTo: Berlin", "From: 22:00\nTo: 02:00"):
            notice = f"Moved.\nDate: 20 Nov 2026\n{route}\nSubject: fibre"
            self.assertEqual(text(notice), notice)

    def test_a_notice_with_from_and_to_is_not_cut(self):
        notice = "Dear customer,\nFrom: 20 Nov 2026 22:00\nDate: 20 Nov\nTo: 21 Nov 2026 02:00\nSubject: fibre\nRegards"
        self.assertEqual(text(notice), notice)

    def test_a_forward_is_kept_whole(self):
        forward = f"FYI\n\n---------- Forwarded message ---------\n{HEADER_BLOCK}".strip()
        self.assertEqual(text(forward), forward)

    def test_nothing_but_a_quote_is_kept_whole(self):
        for quote in ("> Planned\n> Start: 1", HEADER_BLOCK.strip()):
            with self.subTest(quote):
                self.assertEqual(text(quote), quote)

    def test_a_message_that_is_no_reply_keeps_its_lines(self):
        notice = "> 99.9 % available\nFrom: NOC <noc@isp.example>\nSent: today\nSubject: x\nStart: 1"
        self.assertEqual(newest_text(notice, is_reply=False), notice)


class TestHtml(unittest.TestCase):
    """Quotes in HTML."""

    block = "<b>From:</b> NOC<br><b>Sent:</b> Friday<br><b>Subject:</b> Works"

    def test_quotes_of_mail_programs_are_left_out(self):
        for name, quote in (
            ("cite", "<p>On Fri, 20 Nov 2026 NOC wrote:</p><blockquote type='cite'>OLD</blockquote>"),
            (
                "gmail",
                "<div class='gmail_quote'><div class='gmail_attr'>On Fri wrote:</div><blockquote>OLD</blockquote></div>",
            ),
            ("yahoo", "<div id='x' class='yahoo_quoted'>OLD</div>"),
            ("yahoo's own prefix", "<div id='ydp8a7bc1yahoo_quoted_1' class='ydp8a7bc1yahoo_quoted'>OLD</div>"),
            ("gmail in outlook web", "<div class='x_gmail_quote'>OLD</div>"),
            ("outlook web in itself", f"<div id='x_divRplyFwdMsg'>{self.block}</div><div>OLD</div>"),
            ("outlook web", f"<div id='divRplyFwdMsg'>{self.block}</div><div>OLD</div>"),
            ("outlook", f"<div><div style='border-top:solid #E1E1E1 1.0pt'><p>{self.block}</p></div></div><p>OLD</p>"),
            (
                "header block in a table",
                "<table><tr><td>From:</td><td>NOC</td></tr><tr><td>Sent:</td><td>x</td></tr>"
                "<tr><td>Subject:</td><td>x</td></tr></table><p>OLD</p>",
            ),
            ("divider", "<p>-----Original Message-----<br>From: x</p><p>OLD</p>"),
        ):
            with self.subTest(name):
                found = html(f"<html><body><p>New</p>{quote}</body></html>")

                self.assertIn("<p>New</p>", found)
                self.assertNotIn("OLD", found)
                self.assertNotIn("wrote", found)

    def test_text_below_a_quote_is_kept(self):
        self.assertEqual(html("<p>a</p><blockquote type=cite>OLD</blockquote>b"), "<html><body><p>a</p>b</body></html>")

    def test_an_indented_paragraph_of_a_notice_is_kept(self):
        notice = "<p>Dear customer</p><blockquote>Start: 1</blockquote>"
        self.assertEqual(html(notice, reply=False), notice)

    def test_a_forward_and_a_mere_quote_are_kept_whole(self):
        for content in (
            f"<p>FYI</p><div class='gmail_quote'>---------- Forwarded message ---------<br>{self.block}<br>OLD</div>",
            "<blockquote type=cite>OLD</blockquote>",
        ):
            with self.subTest(content):
                self.assertEqual(html(content), content)

    def test_html_without_a_quote_stays_byte_for_byte(self):
        for content in ("", "<p>From: 22:00<br>Date: x<br>To: 23:00", "<P>a<BLINK>b", "<!-- x -->", "\0<p>"):
            with self.subTest(content):
                self.assertEqual(html(content), content)


@pytest.mark.slow
class TestBounds(unittest.TestCase):
    """Hostile text costs little time."""

    def test_each_takes_less_than_two_seconds(self):
        for name, content in (
            ("nested", "\n".join(">" * number for number in range(1, 5_001))),
            ("headings", "From: a\n" * 50_000),
            ("dates", "Date: a@1\n" * 50_000),
            ("attributions", "a@1:\n" * 50_000),
            ("dashes", "-" * 100_000),
            ("one line", "On " + "a @1:" * 50_000),
            ("blocks", "<blockquote>x" * 5_000),
            ("divisions", "<blockquote>x</blockquote>" + "<div>" * 50_000),
            ("tags", "from<a>" * 50_000),
        ):
            with self.subTest(name):
                assert_cpu_below(2, newest_text, content, is_reply=True)
                html = f"<p>new</p>{content}".replace("\n", "<br>")
                assert_cpu_below(2, newest_html, html, is_reply=True)


class TestFlowed(unittest.TestCase):
    """RFC 3676."""

    def test_a_line_that_ends_in_a_blank_goes_on(self):
        self.assertEqual(unflowed("one \ntwo\n\nthree", deletes_space=False), "one two\n\nthree")

    def test_the_blank_is_removed_with_delsp(self):
        self.assertEqual(unflowed("光纜 \n割接", deletes_space=True), "光纜割接")

    def test_stuffing_is_removed_and_a_signature_stays_apart(self):
        self.assertEqual(unflowed(" From here \n-- \nNOC", deletes_space=False), "From here \n-- \nNOC")

    def test_quotes_of_another_depth_stay_apart(self):
        self.assertEqual(unflowed("> one \n> two \n>> three\nfour", deletes_space=False), "> one two \n>> three\nfour")

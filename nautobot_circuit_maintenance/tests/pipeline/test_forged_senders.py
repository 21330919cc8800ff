"""Forged senders: what stands in a From field and whose mail it is (RFC 5322 sections 3.4 and 3.6.2, RFC 2047 section 5)."""

from unittest import TestCase

from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail

EVIL = "evil@else.example"
NO_SENDER = ""

FORGED = {
    # The address is what stands in angle brackets; whatever stands before it is a name.
    '"noc@isp.example" <evil@else.example>': EVIL,
    '"<noc@isp.example>" <evil@else.example>': EVIL,
    '"ISP NOC <noc@isp.example>" <evil@else.example>': EVIL,
    '"\\"noc@isp.example\\"" <evil@else.example>': EVIL,
    '"noc@isp.example\\" <x" <evil@else.example>': EVIL,
    '"noc@isp.example\\\\" <evil@else.example>': EVIL,
    "ISP NOC via noc-isp-example <evil@else.example>": EVIL,
    '"noc@isp.example,"\r\n <evil@else.example>': EVIL,
    '"noc@isp.example\r\n (" <evil@else.example>': EVIL,
    # An encoded word is displayed; it is never decoded into an address or a name in quotation marks.
    "=?utf-8?q?noc=40isp.example?= <evil@else.example>": EVIL,
    "=?utf-8?q?=3Cnoc=40isp.example=3E?= <evil@else.example>": EVIL,
    "=?utf-8?q?noc=40isp.example=2C?= <evil@else.example>": EVIL,
    "=?utf-8?q?=22?= <evil@else.example>": EVIL,
    "=?utf-8?b?bm9jQGlzcC5leGFtcGxl?= <evil@else.example>": EVIL,
    "=?utf-8?b?IDxub2NAaXNwLmV4YW1wbGU+AA==?= <evil@else.example>": EVIL,
    "=?utf-8?q?noc=40isp.example?=": NO_SENDER,
    "<=?utf-8?q?noc=40isp.example?=>": NO_SENDER,
    "<=?utf-8?q?noc?=@isp.example>": "=?utf-8?q?noc?=@isp.example",
    # A comment is none of it, wherever it stands.
    "evil@else.example (noc@isp.example)": EVIL,
    "(noc@isp.example) evil@else.example": EVIL,
    "(<noc@isp.example>) <evil@else.example>": EVIL,
    "(\\) noc@isp.example) evil@else.example": EVIL,
    "(a (noc@isp.example) b) evil@else.example": EVIL,
    "<evil@else.example> (was: <noc@isp.example>)": EVIL,
    # Two addresses: RFC 5322 asks for a Sender field then; some readers take the first, some the last.
    "noc@isp.example, evil@else.example": NO_SENDER,
    "evil@else.example, noc@isp.example": NO_SENDER,
    "<noc@isp.example>, <evil@else.example>": NO_SENDER,
    "<noc@isp.example> <evil@else.example>": NO_SENDER,
    "noc@isp.example <evil@else.example>": NO_SENDER,
    "evil@else.example <noc@isp.example>": NO_SENDER,
    "<noc@isp.example> evil@else.example": NO_SENDER,
    "noc: noc@isp.example, evil@else.example;": NO_SENDER,
    "noc@isp.example;evil@else.example": NO_SENDER,
    "<evil@else.example>,": EVIL,
    # Malformed: nothing is guessed.
    "noc@isp.example@else.example": NO_SENDER,
    "<noc@isp.example@else.example>": NO_SENDER,
    "noc@isp.example>evil@else.example": NO_SENDER,
    "<noc@isp.example": "noc@isp.example",
    "noc%isp.example@else.example": "noc%isp.example@else.example",
    "noc@isp.example\0@else.example": NO_SENDER,
    "noc @isp.example evil@else.example": NO_SENDER,
    '"noc@isp.example"@else.example': NO_SENDER,
    '<"noc@isp.example"@else.example>': NO_SENDER,
    "<@isp.example:evil@else.example>": EVIL,
    "<noc@[isp.example]>": NO_SENDER,
    "noc@": NO_SENDER,
    "@isp.example": NO_SENDER,
    "undisclosed:;": NO_SENDER,
    # Look-alikes are other addresses.
    "<noc@isp.example.>": "noc@isp.example.",
    "<noc@1sp.example>": "noc@1sp.example",
    "<noc@isp.example.else.example>": "noc@isp.example.else.example",
    "<noc@xn--sp-xka.example>": "noc@xn--sp-xka.example",
    "<noc+isp@else.example>": "noc+isp@else.example",
}
"""The content of a From field, and the address that it names."""

UNKNOWN = (
    "<noc@\u0456sp.example>",  # Cyrillic i
    "<n\u03bfc@isp.example>",  # Greek o
    "<noc@isp\u2024example>",  # one dot leader
    "<noc@isp.example\u200b>",  # zero width space
    "<noc\uff20isp.example>",  # fullwidth commercial at
    "<noc@i\u017fp.example>",  # long s, which is "S" in capitals
    "<noc@isp.ex\0ample>",  # control characters, which columns and screens leave out
    "<noc\x7f@isp.example>",
    "<noc@isp.example\x08>",
    "\u202e<elpmaxe.psi@con> <evil@else.example>",  # right-to-left override
)
"""From fields in UTF-8 that look like the provider's on a screen."""

FIELDS = (
    ["From: noc@isp.example", "From: evil@else.example"],
    ["From: evil@else.example", "From: noc@isp.example"],
    ["From: noc@isp.example", "From: noc@isp.example"],
    ["From: evil@else.example", "FROM: noc@isp.example"],
    ["From: evil@else.example", "Sender: noc@isp.example"],
    ["From: evil@else.example", "Reply-To: noc@isp.example"],
    ["From: evil@else.example", "Resent-From: noc@isp.example"],
    ["From: evil@else.example", "Return-Path: <noc@isp.example>"],
    ["From: evil@else.example", "X-Original-From: noc@isp.example"],
    ["From : noc@isp.example", "From: evil@else.example"],
    ["From:", " noc@isp.example,", " evil@else.example"],
    ["Subject: Works\rFrom: noc@isp.example", "From: evil@else.example"],
    ["Sender: noc@isp.example"],
    ["X-From: noc@isp.example"],
    ["Subject: Works", "", "From: noc@isp.example"],
)
"""Whole headers that name the provider somewhere, though it is not the one author."""


def read(*fields: str) -> MailMessage:
    """Read a message with these header fields."""
    raw = "\r\n".join([*fields, "Date: Fri, 20 Nov 2026 12:00:00 +0000", "", "Dear customer"])
    return MailMessage.from_bytes(raw.encode("utf-8"), received_at=NOON)


class ForgedSenders(TestCase):
    """The one address of the one From field, or no one."""

    def test_a_from_field_names_the_address_of_rfc_5322(self):
        """However much looks like another one."""
        for content, address in FORGED.items():
            with self.subTest(content):
                self.assertEqual(read(f"From: {content}").sender, address)

    def test_what_looks_like_the_address_on_a_screen_is_not_the_address(self):
        """No character is taken for another one."""
        for content in UNKNOWN:
            with self.subTest(content.encode("ascii", "namereplace").decode()):
                self.assertNotEqual(read(f"From: {content}").sender, "noc@isp.example")

    def test_no_other_field_names_the_author(self):
        """Nor a second one."""
        for fields in FIELDS:
            with self.subTest(fields):
                self.assertNotEqual(read(*fields).sender, "noc@isp.example")


class ForgedMail(PipelineTestCase):
    """What becomes of such mail."""

    def test_forged_mail_is_of_an_unknown_sender_and_leaves_nothing(self):
        """No row, no maintenance; it is counted."""
        genuine = mail(Bcop()).decode()
        forged = [content for content in FORGED if content != "<noc@isp.example"]
        mails = [genuine.replace("ISP NOC <noc@isp.example>", content).encode() for content in forged]

        report = self.receive(*mails)

        self.assertEqual(
            {outcome.value: n for outcome, n in report.outcomes.items() if n}, {"unknown sender": len(forged)}
        )
        self.assertIsNone(SenderDirectory.for_source(self.source).identify(EVIL))

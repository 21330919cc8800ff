"""Identify: whose mail it is, by the address alone."""

from unittest import TestCase

from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD, parser_names, sender_addresses
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail


def sender(*fields: str, header: str = "From") -> str:
    """Return the sender of a message with these header fields."""
    raw = "\r\n".join([*fields, "Subject: Works", "", "Dear customer"])
    return MailMessage.from_bytes(raw.encode("utf-8"), received_at=NOON, source_header=header).sender


class Sender(TestCase):
    """The addr-spec of one header field."""

    def test_the_address_counts_in_lower_case_and_not_the_name(self):
        """However the display name looks."""
        for field in (
            "From: noc@isp.example",
            "From: ISP NOC <NOC@ISP.example>",
            'From: "evil@elsewhere.example" <noc@isp.example>',
            'From: "NOC, ISP" <noc@isp.example>',
            "From: =?utf-8?q?N=C3=B6C?= <noc@isp.example>",
            "From: ISP\r\n NOC\r\n <noc@isp.example>",
            "FROM: noc@isp.example",
        ):
            with self.subTest(field=field):
                self.assertEqual(sender(field), "noc@isp.example")

    def test_what_pretends_to_be_the_address_is_not(self):
        """Display names, comments, encoded words and second addresses name no one."""
        for field in (
            'From: "<noc@isp.example>" <evil@elsewhere.example>',
            "From: noc@isp.example <evil@elsewhere.example>",
            "From: <noc@isp.example> evil@elsewhere.example",
            "From: (noc@isp.example) evil@elsewhere.example",
            "From: =?utf-8?q?noc=40isp.example?= <evil@elsewhere.example>",
            "From: =?utf-8?q?=3Cnoc=40isp.example=3E?= <evil@elsewhere.example>",
            "From: noc@isp.example@elsewhere.example",
            "From: <noc@isp.example>, <evil@elsewhere.example>",
            "From: noc@isp.example, evil@elsewhere.example",
            "From: noc: noc@isp.example, evil@elsewhere.example;",
        ):
            with self.subTest(field=field):
                self.assertNotEqual(sender(field), "noc@isp.example")

    def test_two_from_fields_leave_it_open_who_wrote(self):
        """Servers and readers choose differently between them (RFC 5322 section 3.6 allows one)."""
        self.assertEqual(sender("From: noc@isp.example", "From: evil@elsewhere.example"), "")

    def test_no_field_and_nonsense_are_nobody(self):
        """And stop nothing."""
        for fields in ((), ("From:",), ("From: ,,<>",), ("From: NOC",), (f"From: {'x' * 300}@isp.example",)):
            with self.subTest(fields=fields):
                self.assertEqual(sender(*fields), "")

    def test_a_source_may_name_another_header(self):
        """As mailing lists and forwarders need it."""
        fields = ("From: list@customer.example", "X-Original-From: ISP <noc@isp.example>")

        self.assertEqual(sender(*fields, header="X-Original-From"), "noc@isp.example")


class Directory(PipelineTestCase):
    """Address to provider, provider to parsers."""

    def test_the_custom_field_holds_addresses_separated_by_commas(self):
        """Blanks and capital letters do not matter."""
        self.provider.cf[EMAILS_FIELD] = " NOC@ISP.example ,change@isp.example,, noc@isp.example"

        self.assertEqual(sender_addresses(self.provider), ("noc@isp.example", "change@isp.example"))

    def test_no_custom_field_is_no_address(self):
        """None and blank are what a provider has that no one touched."""
        for value in (None, "", " , "):
            self.provider.cf[EMAILS_FIELD] = value
            self.assertEqual(sender_addresses(self.provider), ())

    def test_parsers_are_tried_in_order_and_the_default_is_the_providers_own_name(self):
        """After the spec."""
        self.provider.cf[PARSERS_FIELD] = " ntt, genericprovider ,"
        self.assertEqual(parser_names(self.provider), ("ntt", "genericprovider"))
        for value in (None, "", " "):
            self.provider.cf[PARSERS_FIELD] = value
            self.assertEqual(parser_names(self.provider), ("ISP",))

    def test_a_source_knows_the_providers_that_people_gave_to_it_and_no_other(self):
        """Their addresses are what the mailbox is searched for."""
        create_provider("Carrier", "noc@carrier.example")

        directory = SenderDirectory.for_source(self.source)

        self.assertEqual(directory.addresses, {"noc@isp.example"})
        self.assertEqual(directory.identify("noc@isp.example"), self.provider)
        self.assertIsNone(directory.identify("noc@carrier.example"))
        self.assertIsNone(directory.identify(""))

    def test_providers_without_an_address_do_not_own_the_mail_without_a_sender(self):
        """An empty sender is no one's."""
        create_provider("Silent", "")

        self.receive(mail(Bcop()).replace(b"From: ISP NOC <noc@isp.example>\r\n", b""))

        self.assertEqual(Notification.objects.count(), 0)

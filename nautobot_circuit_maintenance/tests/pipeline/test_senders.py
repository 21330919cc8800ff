"""Identify: whose mail it is, by the address alone."""

from collections.abc import Sequence
from unittest import TestCase

from nautobot_circuit_maintenance.mail.message import MailMessage
from nautobot_circuit_maintenance.models import Notification
from nautobot_circuit_maintenance.models.providers import EMAILS_FIELD, PARSERS_FIELD, parser_names, sender_addresses
from nautobot_circuit_maintenance.pipeline.senders import SenderDirectory
from nautobot_circuit_maintenance.tests.cases import PipelineTestCase, create_provider
from nautobot_circuit_maintenance.tests.factories.mail import NOON, Bcop, mail


def sender(*fields: str, header: str | Sequence[str] = "From") -> str:
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
            "From: NOC, ISP <noc@isp.example>",
            "From: noc@isp.example (ISP NOC)",
            "From: noc@isp.example (ISP, NOC)",
            "From: (ISP) noc@isp.example (day) (night)",
            "From: NOC (ISP, Night) <noc@isp.example>",
            "From: ISP; NOC <noc@isp.example>",
            "From: 'noc@isp.example' <noc@isp.example>",
            "From: noc@isp.example <noc@isp.example>",
            "From: NOC <noc@isp.example>,",
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
            "From: 'noc@isp.example' <evil@elsewhere.example>",
            "From: NOC, noc@isp.example <evil@elsewhere.example>",
            "From: noc@isp.example.elsewhere.example",
            "From: evil@elsewhere.example\r\nReply-To: noc@isp.example",
            "From: noc: noc@isp.example, evil@elsewhere.example;",
        ):
            with self.subTest(field=field):
                self.assertNotEqual(sender(field), "noc@isp.example")

    def test_two_from_fields_leave_it_open_who_wrote(self):
        """Servers and readers choose differently between them (RFC 5322 section 3.6 allows one)."""
        self.assertEqual(sender("From: noc@isp.example", "From: evil@elsewhere.example"), "")

    def test_a_missing_or_invalid_field_names_no_sender(self):
        """And stop nothing."""
        for fields in ((), ("From:",), ("From: ,,<>",), ("From: NOC",), (f"From: {'x' * 300}@isp.example",)):
            with self.subTest(fields=fields):
                self.assertEqual(sender(*fields), "")

    def test_a_source_may_name_another_header(self):
        """As mailing lists and forwarders need it."""
        fields = ("From: list@customer.example", "X-Original-From: ISP <noc@isp.example>")

        self.assertEqual(sender(*fields, header="X-Original-From"), "noc@isp.example")

    def test_the_first_header_that_is_present_counts(self):
        """Even if it has no address, or two: an address from the next one would be a guess."""
        headers = ("X-Original-From", "From")
        for fields, expected in (
            (("X-Original-From: noc@isp.example", "From: list@customer.example"), "noc@isp.example"),
            (("From: list@customer.example", "x-original-from: NOC@isp.example"), "noc@isp.example"),
            (("From: noc@isp.example",), "noc@isp.example"),
            (("X-Original-From: NOC", "From: noc@isp.example"), ""),
            (("X-Original-From: noc@isp.example", "X-Original-From: x@e.example", "From: noc@isp.example"), ""),
            (("Reply-To: noc@isp.example",), ""),
        ):
            with self.subTest(fields=fields):
                self.assertEqual(sender(*fields, header=headers), expected)


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

    def test_a_domain_covers_its_own_addresses_and_no_others(self):
        """Not those of subdomains, and not domains that only end or start alike."""
        self.provider.cf[EMAILS_FIELD] = "@Maint.ISP.example, noc@isp.example"
        self.provider.validated_save()
        directory = SenderDirectory.for_source(self.source)

        for address in ("x@maint.isp.example", "y.z@maint.isp.example", "noc@isp.example"):
            self.assertEqual(directory.identify(address), self.provider)
        for address in (
            "x@isp.example",
            "x@a.maint.isp.example",
            "x@xmaint.isp.example",
            "x@maint.isp.example.net",
            "",
        ):
            self.assertIsNone(directory.identify(address), address)

    def test_an_address_goes_before_its_domain(self):
        """Whatever the order of the providers' names, and even where the source does not have its provider."""
        self.provider.cf[EMAILS_FIELD] = "@shared.example"
        self.provider.validated_save()
        others = [create_provider(name, f"{name}@shared.example") for name in ("alpha", "zulu")]

        for directory in (SenderDirectory.of_all_providers(), SenderDirectory.of([*others, self.provider])):
            self.assertEqual(directory.identify("zulu@shared.example"), others[1])
            self.assertEqual(directory.identify("alpha@shared.example"), others[0])
            self.assertEqual(directory.identify("noc@shared.example"), self.provider)
        directory = SenderDirectory.for_source(self.source)
        self.assertEqual(directory.identify("noc@shared.example"), self.provider)
        self.assertIsNone(directory.identify("zulu@shared.example"))

    def test_a_bare_at_sign_covers_no_one(self):
        """Stored without validation, it must not own the mail without a sender."""
        self.provider.cf[EMAILS_FIELD] = "@, @ isp.example"
        self.provider.save()

        self.assertIsNone(SenderDirectory.for_source(self.source).identify(""))

    def test_mail_of_a_domain_is_recorded_for_its_provider(self):
        """And what an address of another provider sends is counted as from an unknown sender."""
        self.provider.cf[EMAILS_FIELD] = "@isp.example"
        self.provider.validated_save()
        create_provider("Carrier", "carrier@isp.example")

        self.receive(mail(Bcop("M-1"), sender="any@isp.example"), mail(Bcop("M-2"), sender="carrier@isp.example"))

        self.assertEqual([row.sender for row in Notification.objects.all()], ["any@isp.example"])

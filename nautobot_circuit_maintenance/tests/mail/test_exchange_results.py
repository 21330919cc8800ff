"""The verdict of Exchange Online on the sender of a message."""

from unittest import TestCase

from nautobot_circuit_maintenance.mail.authentication import Finding, check_sender

SENDER = "noc@isp.example"
TRUSTED = {"exchange-online"}
PASS = (
    "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=isp.example; dkim=pass (signature was verified) "
    "header.d=isp.example;dmarc=pass action=none header.from=isp.example;compauth=pass reason=100"
)


def finding(*fields: str, sender: str = SENDER, trusted=frozenset(TRUSTED)) -> Finding:
    return check_sender(fields, sender, trusted).finding


class ExchangeResultsTest(TestCase):
    """Fields without an authserv-id count only where the source says that its mailbox is in Exchange Online."""

    def test_a_pass_for_the_domain_of_the_sender(self):
        for field in (
            PASS,
            PASS.replace("; ", ";").replace(";", "; "),
            "spf=fail (sender IP is 192.0.2.1) smtp.mailfrom=else.example; dkim=pass (signature was verified) header.d=isp.example;"
            "dmarc=bestguesspass action=none header.from=isp.example;compauth=pass reason=109",
            "spf=none (sender IP is 192.0.2.1) smtp.mailfrom=bounce.example; dkim=fail (body hash did not verify) "
            "header.d=isp.example;dmarc=pass action=none header.from=isp.example;compauth=pass reason=100",
            "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=mail.isp.example; own.example; dkim=none (message not signed) "
            "header.d=none;own.example; dmarc=none action=none header.from=isp.example;",
            "dkim=pass (signature was verified) header.d=list.example;dkim=pass (signature was verified) header.d=isp.example;",
        ):
            with self.subTest(field):
                self.assertEqual(finding(field), Finding.CONFIRMED)

    def test_no_pass_for_the_domain_of_the_sender(self):
        for field in (
            PASS.replace("isp.example", "evil.example"),
            PASS.replace("=pass", "=fail"),
            PASS.replace("compauth=pass reason=100", "compauth=fail reason=000"),
            "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=else.example; dkim=none (message not signed) header.d=none;"
            "dmarc=fail action=none header.from=isp.example;compauth=softpass reason=202",
            "dmarc=bestguesspass action=none header.from=isp.example;compauth=pass reason=109",
            "spf=none (dkim=pass header.d=isp.example) smtp.mailfrom=else.example",
            "dmarc=pass action=none header.from=isp.example header.from=evil.example",
            "dmarc=pass action=none header.from=isp.example;dmarc=fail action=none header.from=evil.example",
            "compauth=pass reason=100",
        ):
            with self.subTest(field):
                self.assertEqual(finding(field), Finding.UNCONFIRMED)

    def test_fields_that_exchange_does_not_write(self):
        for field in (
            "spf=pass (sender IP (x) is 192.0.2.1) smtp.mailfrom=isp.example",
            "spf=fail (unclosed smtp.mailfrom=else.example; dmarc=pass header.from=isp.example",
            'spf=fail smtp.mailfrom="else.example; dmarc=pass header.from=isp.example',
            "spf=pass smtp.mailfrom=x=y; dmarc=pass header.from=isp.example",
            "spf=pass smtp.mailfrom=isp.example and more",
        ):
            with self.subTest(field):
                self.assertEqual(finding(field), Finding.MALFORMED)

    def test_the_topmost_field_without_an_id_counts(self):
        forged = PASS
        real = PASS.replace("=pass", "=fail")

        self.assertEqual(finding(real, forged), Finding.UNCONFIRMED)
        self.assertEqual(finding("mx.else.example; spf=pass smtp.mailfrom=isp.example", PASS), Finding.CONFIRMED)

    def test_where_another_server_is_trusted_a_field_without_an_id_is_nobodys(self):
        for trusted in ({"mx.example"}, {"spf=pass"}, set()):
            self.assertEqual(finding(PASS, trusted=trusted), Finding.NO_FIELD)

    def test_a_field_with_an_id_is_not_of_exchange(self):
        for field in (
            "mx.example; spf=pass smtp.mailfrom=isp.example",
            "exchange-online; dmarc=pass header.from=isp.example",
            "evil=1; dmarc=pass header.from=isp.example",
        ):
            with self.subTest(field):
                self.assertEqual(finding(field), Finding.NO_FIELD)

"""Sender authentication: which fields count (RFC 8601), and what confirms a sender (RFC 7489 section 3.1)."""

from unittest import TestCase

from hypothesis import given, strategies as st

from nautobot_circuit_maintenance.mail.authentication import (
    AuthResult,
    Finding,
    SenderCheck,
    authentication_results,
    check_sender,
)
from nautobot_circuit_maintenance.mail.headers import parse_header
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below

TRUSTED = frozenset({"mx.customer.example", "mx2.customer.example"})
SENDER = "noc@isp.example"
FIELD = "Authentication-Results: "
MX = FIELD + "mx.customer.example; "
DKIM = "dkim=pass header.d=isp.example"
GOOD = MX + DKIM
GMAIL = (
    FIELD + "mx.customer.example;\r\n       dkim=pass header.i=@isp.example header.s=s1 header.b=Ab+/c1=;\r\n"
    "       spf=pass (google.com: domain of bounce@isp.example designates 192.0.2.1 as permitted sender)"
    " smtp.mailfrom=bounce@isp.example;\r\n"
    "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=isp.example"
)
OPENDKIM = (
    FIELD + "mx.customer.example;\r\n\tdkim=pass (2048-bit key; secure) header.d=isp.example header.i=@isp.example"
    ' header.a=rsa-sha256 header.s=mail header.b="GxY+uI/A";\r\n\tdkim-atps=neutral'
)
RSPAMD = (
    FIELD + "mx.customer.example;\r\n\tdkim=none;\r\n\tdmarc=pass (policy=none) header.from=isp.example;\r\n"
    "\tspf=softfail (mx.customer.example: 192.0.2.1 is neither permitted nor denied) smtp.mailfrom=a@else.example"
)

AUTHENTIC = {
    "a signature of the sender's domain": [GOOD],
    "the envelope sender's domain": [MX + "spf=pass smtp.mailfrom=bounce@isp.example"],
    "the envelope sender as a domain": [MX + "spf=pass smtp.mailfrom=isp.example"],
    "DMARC of the sender's domain": [MX + "dmarc=pass header.from=isp.example"],
    "Gmail's own field": [GMAIL],
    "OpenDKIM's own field": [OPENDKIM],
    "Rspamd's own field": [RSPAMD],
    "a signature of a domain below": [MX + "dkim=pass header.d=mail.isp.example"],
    "an envelope sender below": [MX + "spf=pass smtp.mailfrom=x@bounces.isp.example"],
    "case of everything": [
        "AUTHENTICATION-RESULTS: MX.Customer.EXAMPLE; DKIM=PASS HEADER.D=ISP.Example",
    ],
    "the version of the field": [FIELD + "mx.customer.example 1; " + DKIM],
    "the version of the method": [MX + "dkim/1=pass header.d=isp.example"],
    "comments anywhere": [
        FIELD
        + "(by us) mx.customer.example (inbound) 1; dkim (here) = pass (ok (really; so)) header.d=isp.example (d)",
    ],
    "folded lines": [FIELD + "\r\n mx.customer.example;\r\n\tdkim=pass\r\n  header.d=isp.example"],
    "lines that end with LF alone": [FIELD + "mx.customer.example;\n\tdkim=pass\n header.d=isp.example"],
    "a quoted value": [MX + 'dkim=pass header.d="isp.example"'],
    "a reason": [MX + 'dkim=pass reason="good; signature" header.d=isp.example'],
    "one signature of several": [MX + "dkim=fail header.d=isp.example; dkim=pass header.d=list.example; " + DKIM],
    "one method of several": [MX + "spf=fail smtp.mailfrom=isp.example; dmarc=none header.from=isp.example; " + DKIM],
    "SPF of the HELO name besides": [
        MX + "spf=none smtp.helo=host.isp.example; spf=pass smtp.mailfrom=noc@isp.example",
    ],
    "the other trusted host": [FIELD + "mx2.customer.example; " + DKIM],
    "below the field of another host": [FIELD + "relay.customer.example; dkim=fail header.d=isp.example", GOOD],
    "below Microsoft's field, which names no host": [
        FIELD + "spf=fail (sender IP is 192.0.2.1) smtp.mailfrom=isp.example; dmarc=fail action=none",
        GOOD,
    ],
    "a forged field further down does not count": [GOOD, MX + "dkim=fail header.d=isp.example"],
}

NOT_AUTHENTIC = {
    "nothing": [],
    "no trusted host": [FIELD + "mx.evil.example; " + DKIM],
    "a host below the trusted one": [FIELD + "evil.mx.customer.example; " + DKIM],
    "a host that begins like the trusted one": [FIELD + "mx.customer.example.evil.example; " + DKIM],
    "the trusted host in a comment": [FIELD + "(mx.customer.example) mx.evil.example; " + DKIM],
    "the trusted host as a result": [FIELD + "mx.evil.example; mx.customer.example; " + DKIM],
    "the trusted host as an encoded word": [FIELD + "=?utf-8?q?mx.customer.example?=; " + DKIM],
    "a look-alike of the trusted host": [FIELD + "mx.cust\u043emer.example; " + DKIM],
    "a pass below the topmost field": [MX + "dkim=none", GOOD],
    "a pass of the other host below the topmost field": [
        MX + "dkim=fail header.d=isp.example",
        FIELD + "mx2.customer.example; " + DKIM,
    ],
    "a pass below a field that cannot be read": [MX + "dkim=pass header.d", GOOD],
    "a pass below a field with a quoted host": [FIELD + '"mx.customer.example"; dkim=none', GOOD],
    "a pass below a field behind a comment": [FIELD + "(;) mx.customer.example; dkim=none", GOOD],
    "the results of an ARC chain": ["ARC-Authentication-Results: i=1; mx.customer.example; " + DKIM],
    "an ARC chain that passes": [MX + "arc=pass header.d=isp.example"],
    "fields of other names": ["X-Authentication-Results: mx.customer.example; " + DKIM, "Received-SPF: pass"],
    "no result": [MX + "none"],
    "no result, in spite of one": [MX + DKIM + "; none"],
    "nothing behind the host": [FIELD + "mx.customer.example"],
    "nothing at all": [FIELD],
    "another version of the field": [FIELD + "mx.customer.example 2; " + DKIM],
    "another version of the method": [MX + "dkim/2=pass header.d=isp.example"],
    "trailing garbage": [GOOD + " garbage"],
    "trailing garbage as a result": [GOOD + "; garbage"],
    "two domains in a list": [MX + "dkim=pass header.d=evil.example, header.d=isp.example"],
    "a comment that does not end": [MX + "dkim=pass (header.d=isp.example"],
    "a pass in a comment": [MX + "dkim=fail (dkim=pass header.d=isp.example) header.d=isp.example"],
    "a pass in the reason": [MX + 'dkim=fail reason="; dkim=pass header.d=isp.example" header.d=isp.example'],
    "a pass in the local part of the envelope sender": [
        MX + 'spf=pass smtp.mailfrom="x; dkim=pass header.d=isp.example"@evil.example',
    ],
    "the domain in the local part of the envelope sender": [
        MX + 'spf=pass smtp.mailfrom="noc@isp.example"@evil.example'
    ],
    "two envelope senders": [MX + "spf=pass smtp.mailfrom=noc@isp.example smtp.mailfrom=x@evil.example"],
    "two results of SPF": [
        MX + "spf=pass smtp.mailfrom=noc@isp.example; spf=pass smtp.mailfrom=x@evil.example",
    ],
    "two results of DMARC": [MX + "dmarc=fail header.from=isp.example; dmarc=pass header.from=isp.example"],
    "two domains of each of ten signatures": [
        MX + "; ".join(f"dkim=pass header.d=isp.example header.d=evil{n}.example" for n in range(10)),
    ],
    "results that are no pass": [
        MX
        + "; ".join(f"dkim={word} header.d=isp.example" for word in "fail neutral none policy temperror pas".split()),
    ],
    "SPF that is no pass": [MX + "spf=softfail smtp.mailfrom=noc@isp.example"],
    "a result that begins like a pass": [MX + "dkim=pass=fail header.d=isp.example"],
    "another method": [MX + "dkim-atps=pass header.d=isp.example; iprev=pass policy.iprev=192.0.2.1"],
    "a signature of another domain": [MX + "dkim=pass header.d=evil.example"],
    "whom a signature is for, of another domain": [MX + "dkim=pass header.d=evil.example header.i=@isp.example"],
    "a signature without a domain": [MX + "dkim=pass"],
    "an empty domain": [MX + "dkim=pass header.d="],
    "a signature of the top-level domain": [MX + "dkim=pass header.d=example"],
    "a signature of the root": [MX + "dkim=pass header.d=."],
    "a domain that ends like the sender's": [MX + "dkim=pass header.d=evilisp.example"],
    "a domain that begins like the sender's": [MX + "dkim=pass header.d=isp.example.evil.example"],
    "the name that a host gave itself": [MX + "spf=pass smtp.helo=isp.example"],
    "a bounce": [MX + "spf=pass smtp.mailfrom=<>"],
    "DMARC of another domain": [MX + "dmarc=pass header.from=evil.example"],
    "DMARC of a domain below": [MX + "dmarc=pass header.from=evil.isp.example"],
    "DMARC without a domain": [MX + "dmarc=pass (p=reject)"],
    "a property of another kind": [MX + "dkim=pass policy.d=isp.example body.d=isp.example"],
    "letters beyond ASCII": [MX + "dkim=pass header.d=isp.ex\u00e4mple"],
    "more comments than the library can read": [MX + "dkim=pass header.d=isp.example " + "(" * 5_000],
    "a field of a megabyte": [GOOD + " (" + "x" * 1_000_000 + ")"],
}


def check_raw(raw: bytes, sender: str = SENDER, trusted=TRUSTED) -> SenderCheck:
    """Return the check of a message given as bytes."""
    return check_sender(authentication_results(parse_header(raw)), sender, trusted)


def check(*fields: str, sender: str = SENDER, body: str = "Dear customer", trusted=TRUSTED) -> SenderCheck:
    """Return the check of a message with these fields above its From."""
    raw = "\r\n".join([*fields, f"From: {sender}", "Subject: Works", "", body])
    return check_raw(raw.encode("utf-8"), sender, trusted)


def is_confirmed(*fields: str, **options) -> bool:
    """Return whether the sender of a message with these fields is confirmed."""
    return check(*fields, **options).finding is Finding.CONFIRMED


class Authentic(TestCase):
    """What a mail needs, and what does not help."""

    def test_a_trusted_host_confirms_the_domain_of_the_sender(self):
        """In the words of real mail servers, however they are written."""
        for name, fields in AUTHENTIC.items():
            with self.subTest(name):
                self.assertTrue(is_confirmed(*fields))

    def test_nothing_else_does(self):
        """Forged, ambiguous, malformed, someone else's."""
        for name, fields in NOT_AUTHENTIC.items():
            with self.subTest(name):
                self.assertFalse(is_confirmed(*fields))

    def test_a_sender_below_the_signing_domain_is_aligned(self):
        """Providers sign for the domain of the company. A domain beside it is aligned where DMARC says so."""
        sender = "noc@maint.isp.example"

        self.assertTrue(is_confirmed(GOOD, sender=sender))
        self.assertTrue(is_confirmed(MX + "dmarc=pass header.from=maint.isp.example", sender=sender))
        self.assertFalse(is_confirmed(MX + "dkim=pass header.d=mail.isp.example", sender=sender))
        self.assertFalse(is_confirmed(MX + "dmarc=pass header.from=isp.example", sender=sender))

    def test_a_domain_of_one_label_has_no_subdomains(self):
        """Neither as signing domain nor as the sender's; it stands for itself."""
        self.assertFalse(is_confirmed(MX + "dkim=pass header.d=com", sender="noc@isp.com"))
        self.assertFalse(is_confirmed(MX + "dkim=pass header.d=evil.com", sender="noc@com"))
        self.assertTrue(is_confirmed(MX + "dkim=pass header.d=localhost", sender="noc@localhost"))

    def test_the_body_does_not_count(self):
        """Nor do the headers of its parts, or of a message that it forwards."""
        self.assertFalse(is_confirmed(body=GOOD))
        self.assertFalse(is_confirmed(body=f"--part\r\nContent-Type: message/rfc822\r\n\r\n{GOOD}\r\n\r\nHello"))

    def test_without_trusted_servers_every_message_is_refused(self):
        """Invalid settings do not disable the check."""
        for field in (GOOD, FIELD + "; " + DKIM, FIELD + " " + DKIM, FIELD + '""; ' + DKIM):
            with self.subTest(field):
                self.assertFalse(is_confirmed(field, trusted=frozenset()))


class Findings(TestCase):
    """What explains a sender that is not confirmed."""

    def test_without_a_field_of_a_trusted_host_nothing_of_the_message_is_repeated(self):
        """A name from the message could end up in the settings."""
        self.assertEqual(check(FIELD + "mx.evil.example; " + DKIM), SenderCheck(Finding.NO_FIELD))

    def test_the_results_of_the_trusted_host_are_kept(self):
        """They show which piece is missing."""
        found = check(MX + "dkim=fail header.d=isp.example; spf=pass smtp.mailfrom=x@else.example; dmarc=none")

        self.assertEqual((found.finding, found.host), (Finding.UNCONFIRMED, "mx.customer.example"))
        expected = [("dkim", "fail", "isp.example"), ("spf", "pass", "else.example"), ("dmarc", "none", "")]
        self.assertEqual(found.results, tuple(AuthResult(*each) for each in expected))

    def test_a_malformed_field_is_reported_with_its_host(self):
        """Any other field of the message may be forged."""
        self.assertEqual(check(MX + "dkim", GOOD), SenderCheck(Finding.MALFORMED, "mx.customer.example"))


class Hazards(TestCase):
    """No header, however broken, raises or takes long."""

    words = st.lists(
        st.sampled_from(
            [
                "mx.customer.example",
                ";",
                "=",
                ".",
                "/",
                "dkim",
                "spf",
                "pass",
                "header",
                "d",
                "smtp",
                "mailfrom",
                "reason",
            ]
            + ["isp.example", "(", ")", '"', "\\", "@", "1", "2", "none", " ", "\r\n ", "\0", "\u00e9", ",", "<", ">"]
        ),
        max_size=30,
    ).map("".join)

    @given(words)
    def test_any_words_are_judged(self, words: str):
        """The library raises errors of many kinds; none of them gets out."""
        self.assertIsInstance(check(MX + words), SenderCheck)
        self.assertIsInstance(check(FIELD + words), SenderCheck)

    @given(st.binary(max_size=60))
    def test_any_bytes_are_judged(self, raw: bytes):
        """With the trusted host before them or not."""
        self.assertIsNot(check_raw(raw).finding, Finding.CONFIRMED)
        self.assertIsInstance(check_raw(MX.encode() + raw), SenderCheck)

    def test_hostile_fields_take_no_time(self):
        """The longest that is read, and many that are not."""
        hostile = (
            [MX + "a=b" + "; a=b" * 950],
            [MX + "dkim=pass" + " header.d=isp.example" * 200],
            [MX + "dkim=pass " + "(" * 4_500],
            [MX + "a" * 4_900],
            [FIELD + "(" * 50_000 + ")" * 50_000],
            [FIELD + "(x)" * 50_000],
            [FIELD + "mx.evil.example; " + DKIM] * 5_000,
        )
        for fields in hostile:
            with self.subTest(fields[0][:60]):
                assert_cpu_below(1.5, check, *fields)

"""Signatures (RFC 6376) that the app verifies itself: really signed messages, keys from a real DNS server."""

import re
import time
from unittest import TestCase

import dns.rcode
import pytest
from hypothesis import given, settings, strategies as st

from development.services.dns import DnsServer
from nautobot_circuit_maintenance.mail.dkim import keys
from nautobot_circuit_maintenance.mail.dkim.verifier import SignatureVerifier, is_aligned
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below
from nautobot_circuit_maintenance.tests.factories.signing import PLAIN, SIGNED_FIELDS, record, signed

SENDER = "noc@isp.example"
KEY_NAME = "s1._domainkey.isp.example"


class DkimTestCase(TestCase):
    """A DNS server that has the key of isp.example."""

    def setUp(self):
        super().setUp()
        self.dns = DnsServer()
        self.dns.__enter__()  # not enterContext(), which Python 3.10 does not have
        self.addCleanup(self.dns.__exit__, None, None, None)
        self.dns.records[KEY_NAME] = [record()]

    def check(self, raw: bytes, sender: str = SENDER):
        """Return what a new verifier says."""
        return SignatureVerifier().check(raw, sender)

    def assert_not_confirmed(self, raw: bytes, why: str, sender: str = SENDER):
        """The signature does not count, and the reason says why."""
        found = self.check(raw, sender)

        self.assertFalse(found.is_valid)
        self.assertIn(why, found.reason)
        self.assertFalse(found.is_temporary)


class Confirms(DkimTestCase):
    """What a valid signature is."""

    def test_every_canonicalization_is_verified(self):
        """Also by a key that takes several strings of a record, and with lines that end with LF alone."""
        for head in (b"simple", b"relaxed"):
            for body in (b"simple", b"relaxed"):
                with self.subTest(head=head, body=body):
                    raw = signed(canonicalize=(head, body))
                    self.assertTrue(self.check(raw).is_valid)
                    self.assertTrue(self.check(raw.replace(b"\r\n", b"\n")).is_valid)

    def test_what_transport_changes_does_not_matter(self):
        """Trace fields above, and blanks if the signer allows for them."""
        raw = signed()

        self.assertTrue(self.check(b"Received: from mx\r\n\tby us\r\n" + raw).is_valid)
        self.assertTrue(self.check(raw.replace(b"planned   works.", b"planned works. \t")).is_valid)

    def test_a_domain_of_the_same_organization_counts(self):
        """Above, below or beside the sender's; what an organization is, the list of public suffixes knows."""
        for domain, sender in (
            ("isp.example", "noc@maint.isp.example"),
            ("mail.isp.example", "noc@isp.example"),
            ("mail.isp.example", "noc@maint.isp.example"),
            ("isp.co.uk", "noc@noc.isp.co.uk"),
        ):
            with self.subTest(domain):
                self.dns.records[f"s1._domainkey.{domain}"] = [record()]
                message = PLAIN.replace(b"noc@isp.example", sender.encode())
                self.assertTrue(self.check(signed(message, domain=domain), sender).is_valid)

    def test_one_valid_signature_of_several_is_enough(self):
        """Lists and services sign as well."""
        self.dns.records["s1._domainkey.list.example"] = [record()]
        raw = signed(signed(), domain="list.example")

        self.assertTrue(self.check(raw).is_valid)

    def test_each_key_is_asked_for_once(self):
        """For all messages of a batch; nothing else is asked."""
        verifier = SignatureVerifier()
        for _ in range(3):
            verifier.check(signed(), SENDER)

        self.assertEqual(self.dns.asked, [KEY_NAME])


class DoesNotConfirm(DkimTestCase):
    """What looks like a signature, and what attackers make of one."""

    def test_a_changed_message(self):
        """Any byte that was signed."""
        for old, new in ((b"planned", b"Planned"), (b"works.\r\n", b"works.\r\nMore.\r\n"), (b"on C-1", b"on C-2")):
            with self.subTest(old):
                self.assert_not_confirmed(signed().replace(old, new), "not valid")

    def test_no_signature(self):
        """The DNS is not asked."""
        self.assert_not_confirmed(PLAIN, "no signature")
        self.assertEqual(self.dns.asked, [])

    def test_another_organization(self):
        """However valid; nor does it make the app ask for a key that someone else chose."""
        for domain in ("evil.example", "evilisp.example", "isp.example.evil.example", "example"):
            with self.subTest(domain):
                self.dns.records[f"s1._domainkey.{domain}"] = [record()]
                self.assert_not_confirmed(signed(domain=domain), f"signed by {domain}")
        self.assertEqual(self.dns.asked, [])

    def test_a_public_suffix_signs_for_no_one(self):
        """The registry of co.uk, or a host that rents out names."""
        for suffix in ("co.uk", "github.io", "uk"):
            self.assertFalse(is_aligned(suffix, f"isp.{suffix}"))
            self.assertFalse(is_aligned(f"evil.{suffix}", f"isp.{suffix}") and suffix != "uk")
        self.assertFalse(is_aligned("co.uk", "co.uk"))

    def test_several_from_fields(self):
        """Signers sign the lowest, programs show the topmost."""
        self.assert_not_confirmed(b"From: noc@isp.example\r\n" + signed(), "several fields From")
        raw = signed(PLAIN.replace(b"noc@isp.example", b"a@isp.example"))
        self.assert_not_confirmed(b"From: noc@isp.example\r\n" + raw, "several fields From")

    def test_several_fields_of_any_kind_that_a_message_has_once(self):
        """One that is above the signed one would count for readers."""
        for name in ("Subject", "Date", "Content-Type", "Content-Transfer-Encoding", "MIME-Version", "Message-ID"):
            with self.subTest(name):
                value = "1.0" if name == "MIME-Version" else "text/html"
                raw = signed(f"{name}: {value}\r\n".encode() + PLAIN)
                again = f"{name}: {value}\r\n".encode()
                self.assertFalse(self.check(again + again + raw).is_valid)
                self.assertIn("several fields", self.check(again + again + raw).reason)

    def test_a_sender_that_from_does_not_name(self):
        """Signatures cover From; a list server's own field is not the provider's."""
        raw = b"X-Original-From: noc@isp.example\r\n" + signed(PLAIN.replace(b"noc@isp.example", b"list@isp.example"))

        self.assert_not_confirmed(raw, "From does not name")

    def test_fields_that_have_to_be_signed(self):
        """Without them, a signed message could be given another subject, or a later date."""
        for name in (b"subject", b"date"):
            with self.subTest(name):
                raw = signed(include_headers=tuple(each for each in SIGNED_FIELDS if each != name))
                self.assert_not_confirmed(raw, f"does not cover {name.decode()}")

    def test_a_part_of_the_body(self):
        """l= lets anyone add to it, and no signature with it counts, even if it covers all of it."""
        raw = signed(length=True)

        self.assert_not_confirmed(raw, "part of the body")
        self.assert_not_confirmed(raw + b"Cancelled.\r\n", "part of the body")

    def test_an_expired_signature(self):
        """Since a minute, or since always; one that has time left counts."""
        for expiry, is_valid in ((time.time() - 60, False), (time.time() + 600, True), ("never", False)):
            expiry = str(expiry).partition(".")[0].encode()
            raw = re.sub(rb"; t=\d+;", b"; x=" + expiry + b";", signed(), count=1)
            with self.subTest(expiry):
                self.assertEqual("expired" in self.check(raw).reason, not is_valid)

    def test_short_keys_and_old_algorithms(self):
        """RFC 8301: fewer than 1024 bits, SHA-1."""
        self.dns.records[KEY_NAME] = [record(768)]
        self.assert_not_confirmed(signed(bits=768), "only 768 bits")
        self.dns.records[KEY_NAME] = [record(1024)]
        self.assertTrue(self.check(signed(bits=1024)).is_valid)
        self.assert_not_confirmed(signed(bits=1024).replace(b"a=rsa-sha256", b"a=rsa-sha1"), "algorithm is rsa-sha1")

    def test_keys_that_confirm_nothing(self):
        """Revoked, for tests, for other services, for another hash, malformed, several, none."""
        good = record()
        for records, why in {
            ("v=DKIM1; p=",): "revoked",
            (record(tags="v=DKIM1; t=y"),): "for tests only",
            (record(tags="v=DKIM1; t=s:y"),): "for tests only",
            (record(tags="v=DKIM1; s=tlsrpt"),): "not for email",
            (record(tags="v=DKIM1; h=sha1"),): "not for SHA-256",
            (record(tags="v=DKIM2"),): "not valid",
            ("p=x; p=y",): "malformed",
            (f"{good}{'A' * 3000}",): "too long",
            ("v=spf1 -all",): "no key",
            (): "no key",
            (good, record(1024)): "several keys",
        }.items():
            with self.subTest(why):
                self.dns.records[KEY_NAME] = list(records)
                self.assert_not_confirmed(signed(), why)
        del self.dns.records[KEY_NAME]
        self.assert_not_confirmed(signed(), "no key")

    def test_other_records_beside_the_key_do_not_matter(self):
        """Some names have more than one purpose."""
        self.dns.records[KEY_NAME] = ["google-site-verification=x", record()]

        self.assertTrue(self.check(signed()).is_valid)

    def test_a_key_that_is_not_for_subdomains(self):
        """t=s with the identity of another domain."""
        self.dns.records[KEY_NAME] = [record(tags="v=DKIM1; t=s")]

        self.assertTrue(self.check(signed()).is_valid)
        self.assert_not_confirmed(signed(identity=b"noc@x.isp.example"), "not for subdomains")

    def test_a_header_that_programs_end_in_different_places(self):
        """The library passes a line of an mbox; for us, the header ends there."""
        raw = signed()
        for line in (b"From someone\r\n", b"no field\r\n"):
            with self.subTest(line):
                broken = raw.replace(b"MIME-Version: 1.0\r\n", line + b"MIME-Version: 1.0\r\n")
                self.assertFalse(self.check(broken).is_valid)

    def test_hostile_messages_take_no_time(self):
        """Where the library's time grows with the square or the cube of what a sender writes."""
        head, _, _ = signed().partition(b"\r\n\r\n")
        hostile = {
            "blanks in the body": head + b"\r\n\r\n" + b" \t" * 2_000_000,
            "lines of a field": b"X: a\r\n" + b" x\r\n" * 300_000 + signed(),
            "fields": b"X: a\r\n" * 100_000 + signed(),
            "blanks in the signature": b"DKIM-Signature: v=1; d=isp.example; s=s1; b="
            + b" " * 7_000
            + b"!\r\n"
            + signed(),
            "signatures": b"".join([signed()[: len(signed()) - len(PLAIN)]] * 60) + PLAIN,
        }
        for name, raw in hostile.items():
            with self.subTest(name):
                assert_cpu_below(2.0, self.check, raw)

    @settings(max_examples=60, deadline=None)
    @given(st.binary(max_size=120), st.integers(0, 400))
    def test_any_bytes_anywhere_confirm_nothing_and_raise_nothing(self, noise: bytes, at: int):
        """In a signed message, up to its body."""
        raw = signed()
        broken = raw[:at] + noise + raw[at + 1 :]

        found = self.check(broken)

        self.assertTrue(not found.is_valid or b"bh=" in broken)


class Dns(DkimTestCase):
    """What the DNS does not say."""

    def test_no_answer_is_temporary(self):
        """SERVFAIL and REFUSED; the reason names what was asked."""
        for code in (dns.rcode.SERVFAIL, dns.rcode.REFUSED):
            with self.subTest(code):
                self.dns.codes[KEY_NAME] = code
                found = self.check(signed())
                self.assertEqual((found.is_valid, found.is_temporary), (False, True))
                self.assertIn(KEY_NAME, found.reason)

    def test_names_that_cannot_be_are_no_keys(self):
        """A label of 64 letters, dots in a row; nothing is asked."""
        for selector in (b"x" * 64, b"a..b", b".", b"x." * 130 + b"x"):
            with self.subTest(selector):
                raw = signed().replace(b" s=s1;", b" s=" + selector + b";")
                self.assert_not_confirmed(raw, "no key")

    @pytest.mark.slow
    def test_silence_is_temporary_and_bounded_for_all_messages(self):
        """Ten seconds for a batch, however many names a sender chose."""
        verifier = SignatureVerifier()
        started = time.monotonic()
        for number in range(6):
            name = f"q{number}._domainkey.isp.example"
            self.dns.silent.add(name)
            raw = signed().replace(b" s=s1;", f" s=q{number};".encode())
            self.assertTrue(verifier.check(raw, SENDER).is_temporary)

        self.assertLess(time.monotonic() - started, keys.ALL_SECONDS + 2)

    def test_a_valid_signature_counts_beside_one_that_cannot_be_verified(self):
        """The order does not matter."""
        other = signed().replace(b" s=s1;", b" s=s2;")
        self.dns.codes["s2._domainkey.isp.example"] = dns.rcode.SERVFAIL
        field = other[: len(other) - len(PLAIN)]

        self.assertTrue(self.check(field + signed()).is_valid)

"""Secrets in whatever form a server or a library may repeat them."""

import base64
import html
import json
import unittest
from urllib.parse import quote, quote_plus

from hypothesis import given, strategies as st

from nautobot_circuit_maintenance.mailboxes.credentials import Secret
from nautobot_circuit_maintenance.mailboxes.redaction import redact

TOKEN = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZy1lbm91Z2g"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\n"
PASSWORD = 'p/a+s "w&o<r\\d ü%'
around = st.text(max_size=20)


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


class RedactionTest(unittest.TestCase):
    """What is left of a secret."""

    def test_sasl_strings_of_each_mechanism(self):
        sasl = {
            "PLAIN": f"\0noc@example.net\0{TOKEN}",
            "XOAUTH2": f"user=noc@example.net\x01auth=Bearer {TOKEN}\x01\x01",
            "OAUTHBEARER": f"n,a=noc@example.net,\x01host=mail.example\x01port=993\x01auth=Bearer {TOKEN}\x01\x01",
            "HTTP Basic": f"client:{TOKEN}",
        }
        for mechanism, text in sasl.items():
            with self.subTest(mechanism):
                self.assertEqual(redact(f"NO {coded(text)} is wrong", [TOKEN]), "NO *** is wrong")

    @given(st.text(st.characters(min_codepoint=33, max_codepoint=0x17F), min_size=8, max_size=40), around, around)
    def test_base64_of_any_text_with_the_secret(self, secret, before, after):
        encoded = coded(before + secret + after)

        for text in (encoded, encoded.rstrip("="), encoded.translate(str.maketrans("+/", "-_"))):
            self.assertEqual(redact(f"refused: {text}!", [secret]), "refused: ***!")

    def test_forms_of_the_web(self):
        for spell in (
            *(quote, lambda text: quote(text, safe=""), quote_plus, lambda text: quote_plus(text).lower()),
            *(html.escape, lambda text: html.escape(text, quote=False), lambda text: json.dumps(text)[1:-1]),
            *(lambda text: json.dumps(text, ensure_ascii=False)[1:-1], lambda text: repr(text.encode())[2:-1]),
        ):
            spelled = spell(PASSWORD)
            with self.subTest(spelled):
                self.assertEqual(redact(f"client_secret={spelled}&scope=x", [PASSWORD]), "client_secret=***&scope=x")

    def test_part_of_a_token(self):
        for part in (TOKEN[:30], TOKEN[-25:], TOKEN.split(".")[1], TOKEN[11:60]):
            with self.subTest(part):
                self.assertEqual(redact(f"invalid token {part}... received", [TOKEN]), "invalid token *** received")

    def test_one_line_of_a_private_key(self):
        for line in PEM.splitlines()[1:-1]:
            self.assertEqual(redact(f"cannot decode {line} as a key", [PEM]), "cannot decode *** as a key")

    def test_words_without_a_secret_stay_as_they_are(self):
        text = "AADSTS7000215: Invalid client secret provided. Trace ID: 0a1b2c3d-0000-0000-0000-000000000000"
        for secret in ("", " ", TOKEN, PEM, PASSWORD, "abc"):
            with self.subTest(secret):
                self.assertEqual(redact(text, [secret]), text)

    def test_what_was_obtained_with_a_secret_is_one(self):
        secret = Secret.of("hunter2")
        secret.value()

        token = secret.derive(TOKEN)

        self.assertEqual(secret.redact(f"hunter2 gave {token}"), "*** gave ***")

"""Secrets in whatever form a server or a library may repeat them."""

import base64
import html
import json
import quopri
import unittest
from urllib.parse import quote, quote_plus

from hypothesis import given, strategies as st

from nautobot_circuit_maintenance.mailboxes.credentials import Secret
from nautobot_circuit_maintenance.mailboxes.redaction import redact
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below

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

    def test_forms_in_forms(self):
        """Who logs a request escapes what was escaped before; some escape every character."""
        url, json_, html_, base = quote, lambda text: json.dumps(text)[1:-1], html.escape, coded
        for names in (
            *((one, two) for one in (url, json_, html_, base) for two in (url, json_, html_, base)),
            (lambda text: text.encode().hex(),),
            (lambda text: text.encode().hex().upper(),),
            (lambda text: "".join(f"%{each:02X}" for each in text.encode()),),
            (lambda text: "".join(f"&#{ord(each)};" for each in text),),
            (lambda text: "".join(f"&#x{ord(each):X};" for each in text),),
            (lambda text: "".join(f"\\u{ord(each):04x}" for each in text),),
            (lambda text: quopri.encodestring(text.encode()).decode().strip(),),
            (lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),),
            (lambda text: coded("client:" + quote_plus(text)),),
            (repr, lambda text: text[1:-1]),
            (lambda text: repr(text.encode("latin-1"))[2:-1],),
            (str.upper,),
        ):
            spelled = PASSWORD
            for spell in names:
                spelled = spell(spelled)
            with self.subTest(spelled):
                self.assertEqual(redact(f"form: {spelled} was refused", [PASSWORD]), "form: *** was refused")

    def test_long_answers_take_no_time(self):
        """Errors of servers have up to 64 kB, of whatever is repeated."""
        for secret in ("x" * 100, PASSWORD, TOKEN):
            for piece in ("\\", "x", "%", "%25", "%5c", "&amp;", "&#", "p ", "eyJ0", secret[:-1]):
                answer = piece * (64_000 // len(piece))
                with self.subTest(secret=secret, piece=piece):
                    assert_cpu_below(3.0, redact, answer, [secret])

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

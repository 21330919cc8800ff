"""The reader of Authentication-Results fields, and authres as a second implementation of RFC 8601 section 2.2."""

import email
from contextlib import suppress
from pathlib import Path
from unittest import TestCase

import authres
import authres.core
from hypothesis import example, given, strategies as st

from nautobot_circuit_maintenance.mail.authentication import authentication_results
from nautobot_circuit_maintenance.mail.authentication_fields import MethodResult, read_results
from nautobot_circuit_maintenance.mail.exchange_results import is_of_exchange
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
DKIM = MethodResult("dkim", "1", "pass", (("header.d", "isp.example"),))
READ = {
    "mx.example; none": (),
    "mx.example 1; none (no authentication done)": (),
    "mx.example;none": (),
    "mx.example; dkim=pass header.d=isp.example": (DKIM,),
    "mx.example (us) 1 (v); DKIM (a (nested \\) one)) = PASS (b) HEADER (c) . (d) D (e) = (f) isp.example (g)": (DKIM,),
    "mx.example; dkim=pass header.d=isp.example;": (DKIM,),  # Yahoo
    'mx.example; dkim/1=pass reason="good; d=evil" header.d="isp.example" (x)': (DKIM,),
    "mx.example; dkim=pass reason=good header.d=isp.example": (DKIM,),
    "mx.example; dkim=pass(2048-bit key)header.d=isp.example": (DKIM,),
    "mx.example; nonesuch=pass": (MethodResult("nonesuch", "1", "pass", ()),),
    "mx.example; dkim=pass header.d=": (DKIM._replace(properties=(("header.d", ""),)),),
    "mx.example; iprev=pass policy.iprev=2001:db8::1; dkim=pass header.d=isp.example": (
        MethodResult("iprev", "1", "pass", (("policy.iprev", "2001:db8::1"),)),
        DKIM,
    ),
    "mx.example; dnswl=pass dns.zone=list.example policy.ip=127.0.9.2; dkim=pass header.d=isp.example": (  # RFC 8904
        MethodResult("dnswl", "1", "pass", (("dns.zone", "list.example"), ("policy.ip", "127.0.9.2"))),
        DKIM,
    ),
    'mx.example; dkim=pass header.b="Ab+/c1=" header.d=isp.example': (
        DKIM._replace(properties=(("header.b", "Ab+/c1="), ("header.d", "isp.example"))),
    ),
    'mx.example; spf=pass smtp.mailfrom="x; dkim=pass"@evil.example': (
        MethodResult("spf", "1", "pass", (("smtp.mailfrom", '"x; dkim=pass"@evil.example'),)),
    ),
    "mx.example; dkim/2=pass header.d=isp.example": (DKIM._replace(version="2"),),
}
REJECTED = (
    *(
        "",
        " ",
        "mx.example",
        "mx.example;",
        "; dkim=pass",
        "mx.example dkim=pass",
        "mx.example 2; none",
        "mx.example 11; none",
    ),
    *(
        "mx.example; none; dkim=pass",
        "mx.example; dkim=pass; none",
        "mx.example; none none",
        "mx.example; none=",
        "mx..example; none",
    ),
    *(
        "mx.example; dkim",
        "mx.example; dkim=",
        "mx.example; =pass",
        "mx.example; dkim=pass=fail",
        "mx.example; dkim/=pass",
    ),
    *(
        "mx.example; dkim=pass header",
        "mx.example; dkim=pass header.d",
        "mx.example; dkim=pass header.=x",
        "mx.example; dkim=pass .d=x",
    ),
    *(
        "mx.example; dkim=pass header.d=a, header.d=b",
        "mx.example; dkim=pass header.d=<>",
        "mx.example; dkim=pass header.d=a b",
    ),
    *('mx.example; dkim=pass header.d="a', 'mx.example; dkim=pass header.d="a\\"', 'mx.example; dkim=pass reason="a'),
    *(
        "mx.example; dkim=pass header.d=a reason=late",
        "mx.example; dkim=pass (",
        "mx.example; dkim=pass )",
        "mx.example; dkim=pass (\\)",
    ),
    *(
        "mx.example; dkim=pass;;",
        "mx.example;; dkim=pass",
        "mx.example; dkim=pass\r header.d=a",
        "mx.example; dkim=pass\0",
        '"mx.example"; none',
    ),
    *(
        "mx.example; dkim=pass header.d=\u00e4",
        "mx.example; dkim=pass (\u2028)",
        "mx.example, mx.example; none",
        "=?utf-8?q?mx?= x; none",
    ),
)


class Forms(TestCase):
    """How servers write the field, and what is not one."""

    def test_every_form_of_the_grammar_is_read(self):
        """Comments wherever they may stand, quotation marks, versions, and what well-known servers write beyond it."""
        for field, expected in READ.items():
            with self.subTest(field):
                self.assertEqual(read_results(field), expected)

    def test_everything_else_is_rejected_as_a_whole(self):
        """Half a field is worth nothing: what is left out may be what counts."""
        for field in REJECTED:
            with self.subTest(field):
                self.assertRaises(ValueError, read_results, field)

    def test_reading_takes_linear_time(self):
        """A field of 200 kB, of whatever is repeated."""
        for part in ("(x)", "(", "((", "; a=b", ' a.b="c"', " a.b=c", "(\\)", '"', "x", "."):
            field = "mx.example; dkim=pass " + part * (200_000 // len(part))

            def read_field(field: str = field) -> None:
                with suppress(ValueError):
                    read_results(field)

            with self.subTest(part):
                assert_cpu_below(2.0, read_field)


class _Strict(authres.core.AuthenticationResultsHeader):
    """The other reader, without words that it would skip."""

    def __init__(self, feature_context):
        super().__init__(feature_context, strict=True)


def by_authres(field: str) -> "tuple[MethodResult, ...] | None":
    """Return what authres reads, None if it raises."""
    try:
        found = _Strict.parse_value(authres.core_features(), field).results
        return tuple(
            MethodResult(
                each.method.lower(),
                each.version or "1",
                each.result.lower(),
                tuple((f"{one.type}.{one.name}".lower(), one.value) for one in each.properties),
            )
            for each in found
        )
    except (authres.AuthResError, AttributeError, ValueError, RecursionError):
        return None


def by_us(field: str) -> "tuple[MethodResult, ...] | None":
    """Return what we read, None if it is rejected."""
    try:
        return read_results(field)
    except ValueError:
        return None


# authres cannot read a quoted pair in a comment, nor a blank on both sides of one.
blank = st.sampled_from(["", " ", "\t", " (c)", " (a (b) c)", "( ; dkim=pass )"])
word = st.sampled_from(["isp.example", "noc@isp.example", "@isp.example", "Ab1", "1", '"q; (x)"'])
name = st.sampled_from(["header.d", "header.i", "smtp.mailfrom", "header.from", "policy.x", "body.b", "HEADER.D"])


@st.composite
def well_formed(draw) -> str:
    """Return a field that follows the grammar, in a form that both readers know."""
    results = []
    for _ in range(draw(st.integers(1, 3))):
        method = draw(st.sampled_from(["dkim", "spf", "dmarc", "DKIM", "x-other", "dkim/1", "auth"]))
        parts = [method, draw(blank), "=", draw(blank), draw(st.sampled_from(["pass", "fail", "None", "softfail"]))]
        if draw(st.booleans()):
            parts += [" reason", draw(blank), "=", draw(blank), draw(st.sampled_from(["good", '"a; b"']))]
        values = [draw(word) for _ in range(draw(st.integers(0, 2)))]
        # authres wants nothing behind a value in quotation marks.
        values = sorted(values, key=lambda each: each.startswith('"'))[: 1 + sum(not v.startswith('"') for v in values)]
        for value in values:
            kind, _, property_ = draw(name).partition(".")
            parts += [" ", kind, draw(blank), ".", draw(blank), property_, draw(blank), "=", draw(blank), value]
        results.append("".join(parts))
    version = draw(st.sampled_from(["", " 1", " (c) 1 (d)"]))
    return f"{draw(blank)}mx.example{version}{draw(blank)};{'; '.join(results)}{draw(blank)}"


pieces = st.lists(
    st.sampled_from(
        'mx.example ; = . / dkim spf pass header d smtp mailfrom reason isp.example ( ) " \\ @ 1 2 none , < > : x'.split()
        + [" ", "; dkim=pass", " header.d=isp.example", "; spf=pass smtp.mailfrom=a@b", ' reason="a"', "(c)"]
    ),
    max_size=14,
).map("".join)


class SecondImplementation(TestCase):
    """authres is the older reader. Where both read a field, they read the same."""

    @given(well_formed())
    def test_both_read_the_same_in_every_well_formed_field(self, field: str):
        """Comments and blanks in every place."""
        expected = by_authres(field)

        self.assertIsNotNone(expected)
        self.assertEqual(by_us(field), expected)

    @given(st.one_of(pieces, pieces.map("mx.example; dkim=pass".__add__)))
    @example("mx.example; dkim=pass header.d=isp.example;")
    def test_what_both_read_of_any_words_is_the_same(self, field: str):
        """Also where the words make no sense."""
        ours, theirs = by_us(field), by_authres(field)

        self.assertIn(ours, (theirs, None) if theirs is not None else (ours,))

    @given(st.one_of(pieces, pieces.map("mx.example; dkim=pass".__add__)))
    def test_what_authres_rejects_is_rejected_but_for_forms_that_servers_write(self, field: str):
        """A semicolon at the end, colons, comments, something behind a quoted value, and kinds of properties since RFC 8601."""
        ours = by_us(field)
        names = [name for result in ours or () for name, _ in result.properties]
        is_known = all(name.partition(".")[0] in ("smtp", "header", "body", "policy") for name in names)
        is_of_servers = (
            field.rstrip("\t )c(").endswith(";") or not {":", '"', "\\", "("}.isdisjoint(field) or not is_known
        )

        self.assertTrue(ours is None or by_authres(field) is not None or is_of_servers)

    def test_both_read_the_same_in_the_fields_of_real_mail(self):
        """Those of the corpus that name a server; authres gives up on some that real servers wrote."""
        fields = [
            field
            for path in sorted(CORPUS.rglob("*.eml"))
            for field in authentication_results(email.message_from_bytes(path.read_bytes()))
            if not is_of_exchange(field)
        ]
        both = [(by_us(field), by_authres(field)) for field in fields]

        self.assertGreater(len([ours for ours, _ in both if ours]), 3)
        self.assertEqual(
            [ours for ours, theirs in both if theirs is not None], [each for _, each in both if each is not None]
        )

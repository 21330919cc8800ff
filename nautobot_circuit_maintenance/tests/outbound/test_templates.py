"""Templates: what they are for, and everything that an author should not be able to do with them."""

from datetime import timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from nautobot_circuit_maintenance.outbound.state import Occasion
from nautobot_circuit_maintenance.outbound.template_values import template_values
from nautobot_circuit_maintenance.outbound.templates import LONGEST_OUTPUT, TemplateFailed, apply, render
from nautobot_circuit_maintenance.outbound.texts import write
from nautobot_circuit_maintenance.tests.cpu import assert_cpu_below
from nautobot_circuit_maintenance.tests.documentation.pages import DOCS
from nautobot_circuit_maintenance.tests.outbound.states import NIGHT, SECOND, STATE, WINDOW, changed

UTC = timezone.utc
BERLIN = ZoneInfo("Europe/Berlin")
OCCASION = Occasion("changed", changed(windows=(WINDOW, SECOND)), STATE, WINDOW)
WRITTEN = write(OCCASION, zone=UTC)
VALUES = template_values(OCCASION, WRITTEN, UTC)


def rendered(template: str, **values) -> str:
    return render(template, values or VALUES, zone=BERLIN)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ provider }} {{ name }}: {{ status|lower }}", "Lumen 42: confirmed"),
        ("{{ sites|join(', ') }}", "NYC1, SYD1"),
        (
            "{% for c in circuits %}{{ loop.index }}. {{ c.cid }} {{ c['impact'] }};{% endfor %}",
            "1. NYC-7 DEGRADED;2. SYD-1 OUTAGE;",
        ),
        ("{{ window.start|date }}", "Tue 01 Dec 2026 22:00 UTC (Tue 01 Dec 23:00 CET)"),
        ("{{ window.start|date('%d.%m.%Y %H:%M %Z') }}", "01.12.2026 23:00 CET"),
        ("{{ circuits|length }} {{ windows|length > 1 }}", "2 True"),
        ("{{ nothing|default('none') }}{{ replaced_by|default('-', true) }}", "none-"),
        ("{{ ticket|replace('CHG-', '#') }}", "#9"),
        ("{% if acknowledged %}yes{% else %}no{% endif %}", "no"),
        ("{{ 'a' if before.windows|length == 1 else 'b' }}", "a"),
        ("{{ changes[0] }}", "a window was added: Wed 02 Dec 2026 22:00 – Thu 03 Dec 2026 02:00 UTC"),
        ("{% for n in range(3) %}{{ n + 1 }}{% endfor %}", "123"),
        ("{{ headline[:8] }}", "Lumen 42"),
        ("{{ 'SYD1' in sites }}{{ x is defined }}", "TrueFalse"),
        ("{% for c in circuits if c.impact == 'OUTAGE' %}{{ c.cid ~ '!' }}{% else %}none{% endfor %}", "SYD-1!"),
        ("{# a remark #}ok", "ok"),
    ],
)
def test_what_templates_are_for(template, text):
    assert rendered(template) == text


def test_the_example_of_the_guide_channels_md():
    page = (DOCS / "admin/channels.md").read_text(encoding="utf-8")
    example = page.partition("```text\n")[2].partition("```")[0]
    lines = [line for line in rendered(example).splitlines() if line]
    assert lines == [
        "Lumen 42 is CONFIRMED",
        "Tue 01 Dec 2026 22:00 UTC (Tue 01 Dec 23:00 CET) to 03:00 CET",
        "Wed 02 Dec 2026 22:00 UTC (Wed 02 Dec 23:00 CET) to 03:00 CET",
        "SYD1: SYD-1",
        "https://nautobot.example/m/42/",
    ]


READS = [
    "{{ name.__class__ }}",
    "{{ name['__class__'] }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ().__class__.__bases__[0] }}",
    "{{ changes.__class__ }}",
    "{{ window.start.__class__ }}",
    "{{ window.start.tzinfo }}",
    "{{ window.start.year }}",
    "{{ circuits.count }}",
    "{{ circuits[0].items() }}",
    "{{ circuits[0].keys }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ range.__self__ }}",
    "{{ range.__globals__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ joiner }}",
    "{{ namespace() }}",
    "{{ dict() }}",
    "{{ config }}",
    "{{ request }}",
    "{{ settings.SECRET_KEY }}",
    "{{ name|attr('__class__') }}",
    "{{ circuits|map(attribute='__class__')|list }}",
    "{{ circuits|selectattr('cid') }}",
    "{{ name|safe }}",
    "{{ name|pprint }}",
    "{{ name|tojson }}",
    "{{ name|_counted(0) }}",
    "{{ name|format(1) }}",
    "{{ name.format(1) }}",
    "{{ '{0.__class__}'.format(name) }}",
    "{{ ('{0.__class__}'|format)(name) }}",
    "{{ name.format_map }}",
    "{{ '%s' % name }}",
    "{{ name is callable }}",
    "{{ name is sameas name }}",
    "{{ name() }}",
    "{{ headline.upper() }}",
    "{{ loop }}",
    "{% for c in circuits %}{{ loop.__class__ }}{% endfor %}",
    "{% for c in circuits %}{{ loop._iterator }}{% endfor %}",
    "{% for c in circuits %}{{ loop.cycle('a') }}{% endfor %}",
    "{% for c in circuits %}{{ loop.changed(c) }}{% endfor %}",
    "{% for c in circuits recursive %}{{ loop(circuits) }}{% endfor %}",
    "{% for range in sites %}{{ range(3) }}{% endfor %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import path %}",
    "{% extends 'base.html' %}",
    "{% block x %}{% endblock %}",
    "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    "{% call range() %}{% endcall %}",
    "{% filter upper %}x{% endfilter %}",
    "{% set name = 'x' %}",
    "{% set x %}y{% endset %}",
    "{% with a = 1 %}{{ a }}{% endwith %}",
    "{% autoescape true %}{% endautoescape %}",
    "{% do name %}",
    "{% debug %}",
    "{{ {'a': 1} }}",
    "{{ name",
    "{% for %}",
    "{{ nothing }}",
    "{{ circuits[9] }}",
    "{{ circuits[0].nothing }}",
    "{{ circuits|date }}",
    "{{ window|upper }}",
    "{{ window.start|date('%1000000d') }}",
    "{{ window.start|date('%' ~ '9' ~ 'd') }}",
    "{{ window.start|date('%') }}",
    "{{ 1 + name }}",
]


@pytest.mark.parametrize("template", READS)
def test_what_templates_may_not_do(template):
    with pytest.raises(TemplateFailed) as raised:
        rendered(template)
    assert 0 < len(str(raised.value)) < 300


BOMBS = [
    "{{ 'a' * 1000000000 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ 1 // 1 }}",
    "{{ name.ljust(1000000000) }}",
    "{{ name|center(1000000000) }}",
    "{{ name|indent(1000000000) }}",
    "{{ name|wordwrap }}",
    "{{ name.zfill(1000000000) }}",
    "{{ name.expandtabs(1000000000) }}",
    "{{ range(1000000000)|join }}",
    "{% for a in range(1000000000) %}{% endfor %}",
    "{% for a in range(0, 1000000000, 1) %}{% endfor %}",
    "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}",
    "".join(f"{{% for v{n} in range(9) %}}" for n in range(12)) + "x" + "{% endfor %}" * 12,
    "{% for a in range(10001) %}x{% endfor %}",
    "{{ 'aa'" + "|replace('a', 'aaaaaaaaaa')" * 12 + " }}",
    "{{ text|replace('', text) }}",
    "{{ range(9999)|join('x' ~ headline ~ text ~ text) }}",
    "{% for n in range(9999) %}{{ (text|replace('e', 'ee')|upper|lower) in text }}{% endfor %}",
    "{% for n in range(5000) %}" + "{{ text in text }}" * 500 + "{% endfor %}",
    "(" * 3000 + "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "{{ " + "not " * 2000 + "1 }}",
    "{{ " + "-" * 4000 + "1 }}",
    "{{ " + "1 + " * 2000 + "1 }}",
    "{{ a" + "[0]" * 3000 + " }}",
    "{% if 1 %}" * 900 + "{% endif %}" * 900,
    "x" * 10_001,
]


@pytest.mark.parametrize("template", BOMBS, ids=range(len(BOMBS)))
def test_bombs_end_early(template):
    values = {**VALUES, "text": "abcde" * 2000}

    def refused():
        with pytest.raises(TemplateFailed):
            render(template, values, zone=UTC)

    assert_cpu_below(2, refused)


def test_output_is_cut():
    assert len(rendered("{% for n in range(900) %}{{ text }}{% endfor %}", text="x" * 10_000)) == LONGEST_OUTPUT


def test_values_are_cut_and_only_plain_ones_are_given():
    assert len(rendered("{{ text }}", text="x" * 20_000)) == 10_000
    with pytest.raises(TypeError):
        rendered("{{ row }}", row=object())


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*"{}%#()[]|.~'\"", "{{", "}}", "{%", "%}", " for ", " in ", "name", "range", "if", "end", "x" * 9, "1"]
        )
    )
)
def test_any_template_renders_or_fails_with_a_reason(pieces):
    try:
        assert isinstance(rendered("".join(pieces)), str)
    except TemplateFailed as error:
        assert str(error)


def test_templates_replace_subject_and_text():
    found = apply(
        WRITTEN,
        subject="[{{ status }}] {{ name }}\n",
        body="{{ name }} <b>\nline\n\n{{ text }}",
        values=VALUES,
        zone=UTC,
    )
    assert found.subject == "[CONFIRMED] 42"
    assert found.text.startswith("42 <b>\nline\n\n")
    assert found.headline == "42 <b>"
    assert found.html.startswith("<p>42 &lt;b&gt;<br>line</p>\n")
    assert "<b>" not in found.html


def test_empty_templates_change_nothing():
    assert apply(WRITTEN, subject="", body="", values=VALUES, zone=UTC) == WRITTEN
    blank = apply(WRITTEN, subject="{{ '' }}", body=" {{ '' }} ", values=VALUES, zone=UTC)
    assert (blank.subject, blank.text.strip()) == (WRITTEN.subject, WRITTEN.text.strip())


def test_a_template_that_fails_sends_ours_with_a_line_that_says_so():
    found = apply(WRITTEN, subject="{{ nme }}", body="{{ 'a' * 9 }}", values=VALUES, zone=UTC)
    assert found.subject == WRITTEN.subject
    assert found.text.startswith(WRITTEN.text)
    assert "TEXT-01: The subject template of the subscription failed: 'nme' is undefined" in found.text
    assert (
        "TEXT-02: The text template of the subscription failed: It uses 'mul', which is not available (line 1)."
        in found.text
    )
    assert found.html.startswith(WRITTEN.html) and "TEXT-02" in found.html


def test_every_kind_of_state_has_values():
    assert VALUES["window"]["start"] == NIGHT
    assert VALUES["circuits"][0]["windows"] == (
        {"start": WINDOW[0], "end": WINDOW[1]},
        {"start": SECOND[0], "end": SECOND[1]},
    )

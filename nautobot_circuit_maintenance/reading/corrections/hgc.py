"""HGC: the minutes and the zone of its times."""

from typing import Any

from nautobot_circuit_maintenance.reading.corrections.base import Data, Method, Modules, notes, wrap

_LABELS = {"start": "maintenance window start date", "end": "maintenance window end date"}


class HgcMinutes:
    """HGC, second layout: times are cut at their colon, so that 17:30 is read as 17:00.

    Corpus 099_hgc_hgc2 ("Maintenance Window start date & time: 08-Jul-2021 17:00 UTC") is right by chance.
    """

    name = "HGC: minutes"
    sample = (
        b"<span>Maintenance Window start date &amp; time: 08-Jul-2021 17:30 UTC</span>"
        b"<span>Maintenance Window end date &amp; time: 08-Jul-2021 18:45 UTC</span>"
    )
    right = (1625765400, 1625769900)

    def is_needed(self, modules: Modules) -> bool:
        """Return whether the sample is read as other times."""
        [data] = modules("hgc").HtmlParserHGC2().parser_hook(self.sample, "text/html")
        return (data.get("start"), data.get("end")) != self.right

    def install(self, modules: Modules) -> None:
        """Read all that stands behind the label."""
        module = modules("hgc")

        def parse_body(original: Method, parser: Any, spans: Any, data: Data) -> None:
            original(parser, spans, data)
            for name, label in _LABELS.items():
                texts = [span.text for span in spans if label in span.text.lower()]
                if not texts or name not in data:
                    continue
                time = parser.dt2ts(module.parser.parse(texts[-1].split(":", 1)[1].strip()))
                if time != data[name]:
                    data[name] = time
                    notes.correct(self.name)

        wrap(module.HtmlParserHGC2, "parse_body", parse_body)

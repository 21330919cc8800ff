"""Which parsers are proposed for a provider."""

import unittest

from nautobot_circuit_maintenance.domain.parser_names import proposed_parsers

KNOWN = ("att", "colt", "crowncastle", "zayo")


class TestProposed(unittest.TestCase):
    """By name, then by the sender's domain, then by single words."""

    def names(self, provider: str, sender: str = "noc@isp.example", subject: str = "") -> list[str]:
        """Return the names of the proposed parsers."""
        return [each.name for each in proposed_parsers(KNOWN, provider, sender, subject)]

    def test_the_name_of_the_provider_comes_first_then_the_address_then_what_is_like_it(self):
        self.assertEqual(self.names("Crown Castle", "noc@zayo.com"), ["crowncastle", "zayo"])
        self.assertEqual(self.names("Colt Technology Services"), ["colt"])
        self.assertEqual(self.names("Lightpath", "change@mail.colt.net"), ["colt"])

    def test_short_names_need_the_whole_label_of_a_domain(self):
        self.assertEqual(self.names("Carrier", "noc@att.com"), ["att"])
        self.assertEqual(self.names("Carrier", "noc@mattnet.example"), [])

    def test_the_top_level_and_the_mailbox_say_nothing(self):
        self.assertEqual(self.names("Carrier", "zayo@isp.example"), [])

    def test_a_word_of_the_providers_name_is_enough_also_a_short_one_or_two(self):
        for provider in ("Harbour Fibre (Zayo)", "Harbour-ZAYO Fibre"):
            self.assertEqual(self.names(provider), ["zayo"])
        self.assertEqual(self.names("Old Bell (AT&T)"), ["att"])
        self.assertEqual(self.names("Towers / Crown Castle, West"), ["crowncastle"])
        self.assertEqual(self.names("Mattson Recolted"), [])

    def test_a_word_of_the_subject_comes_last(self):
        self.assertEqual(self.names("Harbour", subject="Planned work ***ZAYO TTN-0001***"), ["zayo"])
        self.assertEqual(self.names("Harbour (Colt)", subject="Zayo TTN-0001"), ["colt", "zayo"])
        self.assertEqual(self.names("Harbour", subject="Att: all customers, recolted"), [])

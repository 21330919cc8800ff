"""Words that look like those of another language or kind: places, durations, "of", the future, idioms."""

import unittest

from nautobot_circuit_maintenance.reading.candidates.ids import ids_in
from nautobot_circuit_maintenance.reading.candidates.labels import END, OLD, START, is_void, kinds, role
from nautobot_circuit_maintenance.reading.candidates.statuses import statuses_in
from nautobot_circuit_maintenance.reading.candidates.zones import zones_in
from nautobot_circuit_maintenance.tests.second_opinion.messages import read_windows, text_of, windows_of


def statuses(sentence: str) -> list[str]:
    """Return what the words of a sentence say."""
    return [word.status for word in statuses_in(text_of(sentence, subject="Information"))]


class TestPlaces(unittest.TestCase):
    """A place beside a word for time."""

    def test_other_words_and_other_places_are_no_zone(self):
        for line in (
            "22:00 San Francisco time",
            "22:00 Francis time",
            "22:00 Frances time",
            "päivä tai aika muuttuu",
            "indien tijd en datum wijzigen",
            "tid man kan välja",
            "norra tid",
            "22:00 Papua New Guinea time",
            "22:00 British Columbia local time",
            "22:00 New Mexico time",
            "22:00 data center time",
            "hora de reunión",
            "heure de réunion",
            "Christmas time",
            "22:00 Norfolk local time",
            "hora de Salvador",
            "до того времени",
        ):
            with self.subTest(line):
                self.assertEqual([str(each.zone) for each in zones_in(line, 0) if each.zone], [])

    def test_countries_and_cities_still_are(self):
        for line, zone in (
            ("ora francese", "Europe/Paris"),
            ("22:00 New York time", "America/New_York"),
            ("22:00 American Samoa time", "Pacific/Pago_Pago"),
            ("hora de Colombia", "America/Bogota"),
            ("22:00 Romanian time", "Europe/Bucharest"),
            ("22:00 British time", "Europe/London"),
        ):
            with self.subTest(line):
                self.assertEqual([str(each.zone) for each in zones_in(line, 0)], [zone])


class TestDurations(unittest.TestCase):
    """Numbers of hours."""

    def test_from_so_many_to_so_many_hours_is_no_window(self):
        for line in ("2 à 4 heures", "2-4 uur", "de 2 a 4 horas", "2-4 óra", "Durée de la coupure : 2 à 4 heures"):
            with self.subTest(line):
                self.assertEqual(windows_of(f"14 March 2026 UTC\n{line}"), [])

    def test_words_for_a_duration_in_more_languages(self):
        for word in ("Duur", "Varaktighet", "Czas trwania", "Продолжительность", "Kesto"):
            with self.subTest(word):
                self.assertEqual(windows_of(f"14 March 2026 UTC\n{word}: 2:00 - 4 h"), [])

    def test_hours_of_the_day_are_a_window(self):
        night = ["2026-03-14 22:00", "2026-03-15 04:00", "UTC"]
        self.assertEqual(read_windows("am 14.03.2026 von 22 bis 4 Uhr UTC"), [night])


class TestLabels(unittest.TestCase):
    """Which word of a label says what it is."""

    def test_a_word_that_only_joins_is_neither_start_nor_end(self):
        for label, expected in (
            ("Fin de la maintenance :", END),
            ("Heure de fin de la coupure :", END),
            ("Fin de la ventana:", END),
            ("Fin du chantier :", END),
            ("Fin prévue du chantier :", END),
            ("Einde van de werkzaamheden:", END),
            ("Início do trabalho:", START),
            ("Data de início do serviço:", START),
            ("Data de la fereastra:", ""),
            ("De la ora ", START),
            ("De la: ", START),
            ("du ", START),
            ("od 22:00 do ", END),
            ("van ", START),
        ):
            with self.subTest(label):
                self.assertEqual(role(label), expected)

    def test_words_for_old_that_are_parts_of_others(self):
        for label in (
            "Die Wartung findet statt am ",
            "Wann findet die Wartung statt?",
            "no earlier than ",
            "no antes de las ",
            "ej tidigare än ",
            "ikke tidligere end ",
            "Místo: Praha",
        ):
            with self.subTest(label):
                self.assertNotIn(OLD, kinds(label))
        for label in (
            "statt wie geplant ",
            "neu statt ",
            "earlier: ",
            "antes: ",
            "místo původního termínu ",
            "anstatt ",
        ):
            with self.subTest(label):
                self.assertIn(OLD, kinds(label))

    def test_what_no_longer_counts_is_said_in_the_same_sentence(self):
        self.assertFalse(is_void(" UTC. The earlier date is no longer valid."))
        self.assertFalse(is_void("; der alte Termin ist hinfällig"))
        self.assertTrue(is_void(" UTC (14. Mai) ist hinfällig."))


class TestStatuses(unittest.TestCase):
    """What is still to come has not begun and is not over."""

    def test_the_future(self):
        for sentence in (
            "Práce budú prebiehať v noci.",
            "Дейностите ще започнат в 22:00.",
            "Поддръжката ще приключи в 04:00.",
            "Na otázky odpovedzte na tento e-mail.",
            "Công việc dự kiến hoàn thành lúc 04:00.",
            "Thời gian hoàn thành: 04:00",
            "Die Arbeiten werden bis 04:00 Uhr abgeschlossen.",
            "Les travaux seront terminés à 4 h.",
            "Os trabalhos serão concluídos às 4 h.",
            "Prace zostaną zakończone o 4.",
            "Práce budou dokončeny ve 4 h.",
            "Работы будут завершены в 4 ч.",
            "Radovi će biti završeni u 4 sata.",
            "Çalışma saat 04:00'te tamamlanacaktır.",
            "Huolto valmistuu kello 4.",
            "Arbetet kommer att vara slutfört klockan 4.",
            "The work will be completed at 04:00.",
        ):
            with self.subTest(sentence):
                self.assertEqual(statuses(sentence), [])

    def test_the_past(self):
        for sentence, status in (
            ("Дейностите започнаха.", "IN-PROCESS"),
            ("Поддръжката приключи успешно: дейностите приключиха.", "COMPLETED"),
            ("Vzdrževanje je odpovedano.", "CANCELLED"),
            ("Công việc đã hoàn thành.", "COMPLETED"),
            ("Die Arbeiten sind abgeschlossen.", "COMPLETED"),
            ("Çalışma tamamlandı.", "COMPLETED"),
            ("Huolto on valmistunut.", "COMPLETED"),
            ("Hiermit wird mitgeteilt, dass die Arbeiten abgeschlossen sind.", "COMPLETED"),
            ("The work will be cancelled.", "CANCELLED"),
        ):
            with self.subTest(sentence):
                self.assertEqual(set(statuses(sentence)), {status})


class TestIdioms(unittest.TestCase):
    """Numbers of telephones that stand behind the word "case"."""

    def test_in_case_of(self):
        for line in (
            "In case of emergency: +44 20 7946 0000",
            "In caso di emergenza: 800 123456",
            "En caso de emergencia: 900 123456",
            "Em caso de emergência: 0800 123456",
            "In any case: 0800 123456",
            "Nel caso: 800 123456",
            "Ticket line: Ticket: +44 20 7946 0000",
        ):
            with self.subTest(line):
                self.assertEqual([each.text for each in ids_in(text_of(line))], [])

    def test_a_case(self):
        for line in ("Case: 4711-22", "Caso: 4711-22", "Número de caso 4711-22"):
            with self.subTest(line):
                self.assertEqual([each.text for each in ids_in(text_of(line))], ["4711-22"])

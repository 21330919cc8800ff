"""Bulk actions of the lists: whatever they do, the filters of the list stay."""

import re
from html import unescape

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.tests.page_case import PageTestCase, url_of

FILTERS = {
    models.CircuitMaintenance: "?ack=False&ended=False&status=TENTATIVE",
    models.Notification: "?state=failed&q=Planned",
    models.UnknownSender: "?dismissed=False&q=elsewhere",
}


class BulkActionsTest(PageTestCase):
    """Someone who may do everything."""

    def setUp(self):
        super().setUp()
        self.become_superuser()

    def actions(self, model) -> list[str]:
        """Return the addresses to which our buttons below a filtered list send the selected rows."""
        page = self.client.get(url_of(f"{model._meta.model_name}_list") + FILTERS[model]).content.decode()
        found = map(unescape, re.findall(r'formaction="([^"]+)"', page))
        return [url for url in found if re.search(r"/(acknowledge|reprocess|dismiss)/", url)]

    def test_each_leads_back_to_the_filtered_list_with_rows_and_without(self):
        counts = {}
        for model, query in FILTERS.items():
            here = url_of(f"{model._meta.model_name}_list") + query
            for url in self.actions(model):
                counts[model] = counts.get(model, 0) + 1
                for data in ({"pk": [str(model.objects.first().pk)]}, {}, {"_all": "on"}):
                    with self.subTest(url=url, data=data):
                        response = self.client.post(url, {**data, "reason": "Newsletter"})
                        self.assertRedirects(response, here, fetch_redirect_response=False)
        self.assertEqual(counts, {models.CircuitMaintenance: 1, models.Notification: 2, models.UnknownSender: 1})

    def test_all_that_match_means_these_filters(self):
        url = next(iter(self.actions(models.CircuitMaintenance)))

        self.client.post(url, {"_all": "on"})

        acknowledged = models.CircuitMaintenance.objects.filter(ack=True).values_list("name", flat=True)
        self.assertEqual(sorted(acknowledged), ["M-1"])  # as before: the one that matches is over

        self.client.post(url.replace("ended=False&", ""), {"_all": "on"})
        self.assertEqual(sorted(acknowledged.all()), ["M-1", "M-2"])

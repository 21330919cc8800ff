from nautobot.apps.testing import TestCase
from nautobot.circuits.models import Provider
from django.contrib.auth import get_user_model
class T(TestCase):
    def test_x(self):
        Provider.objects.create(name="x")
        from nautobot.extras.models import Status, CustomField
        print(Status.objects.count(), CustomField.objects.count())
    def test_imap(self):
        pass
def test_imap(imap_server):
    imap_server.deliver(b"Subject: x\r\n\r\nx")

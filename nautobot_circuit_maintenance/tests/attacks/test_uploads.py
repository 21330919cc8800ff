"""What is sent to REST as a message: never more of it is read than the settings allow."""

import io

from django.test import override_settings

from nautobot_circuit_maintenance import models
from nautobot_circuit_maintenance.tests.factories import core
from nautobot_circuit_maintenance.tests.test_api_content import ApiTestCase

LIMIT = 1024 * 1024


class Body(io.RawIOBase):
    """A body that counts how much of it is read; it never ends."""

    def __init__(self):
        super().__init__()
        self.taken = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        buffer[:] = b"x" * len(buffer)
        self.taken += len(buffer)
        return len(buffer)


@override_settings(PLUGINS_CONFIG={"nautobot_circuit_maintenance": {"max_message_size": LIMIT}})
class UploadTest(ApiTestCase):
    """POST notification/ingest/."""

    def setUp(self):
        super().setUp()
        provider = core.create_provider("Wire")
        provider.cf["emails_circuit_maintenances"] = "noc@isp.example"
        provider.validated_save()
        self.permit("add_notification")
        self.head = b"From: noc@isp.example\r\n\r\n"

    def send(self, body, length):
        """Send a body with this Content-Length."""
        environment = {} if length is None else {"CONTENT_LENGTH": length}
        url = self.url("notification-ingest")
        return self.client.generic(
            "POST", url, b"", content_type="message/rfc822", **{"wsgi.input": body, **environment}, **self.header
        )

    def test_the_limit_is_exact(self):
        for extra, status in ((0, 201), (1, 413)):
            raw = self.head + b"x" * (LIMIT - len(self.head) + extra)
            self.assertEqual(self.send(io.BytesIO(raw), str(len(raw))).status_code, status)

    def test_what_is_too_large_is_not_read(self):
        body = Body()

        self.assertEqual(self.send(body, str(LIMIT + 1)).status_code, 413)

        self.assertEqual(body.taken, 0)

    def test_a_body_is_read_no_further_than_its_length(self):
        for length in (None, "", "-1", "99999999999999999999", " 5 ", "\u0665"):
            body = Body()
            with self.subTest(length):
                self.assertIn(self.send(body, length).status_code, (400, 413))
                self.assertLessEqual(body.taken, 100_000)
        self.assertFalse(models.Notification.objects.filter(size__lt=10).exists())

"""No parser fetches anything that a message refers to: no entity, style sheet, image or local file."""

import socket
import tempfile

from django.test import SimpleTestCase

from nautobot_circuit_maintenance.domain.errors import ParseError
from nautobot_circuit_maintenance.domain.updates import Provenance
from nautobot_circuit_maintenance.mail.rendering import readable, safe_document
from nautobot_circuit_maintenance.reading.library import known_parser_names
from nautobot_circuit_maintenance.reading.parse import parse
from nautobot_circuit_maintenance.tests.factories.mail import NOON

IN_THE_FILE = "content-of-a-file-on-this-machine"


def referring_to(address: str, file: str) -> bytes:
    """Return a message that refers to an address and a file in every way that HTML, XML and calendars have."""
    html = f"""<?xml version="1.0"?><?xml-stylesheet href="{address}.xsl" type="text/xsl"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "{address}.dtd" [
<!ENTITY file SYSTEM "file://{file}"><!ENTITY % remote SYSTEM "{address}.ent"> %remote;]>
<html xmlns:xi="http://www.w3.org/2001/XInclude"><head><link rel="stylesheet" href="{address}.css"><base href="{address}">
<style>@import url({address}.css)</style><meta http-equiv="refresh" content="0;url={address}"></head>
<body>&file;<xi:include href="file://{file}"/><img src="{address}.gif"><iframe src="{address}"></iframe>
<table><tr><td>Maintenance ID</td><td>&file;</td></tr></table></body></html>"""
    calendar = (
        f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nATTACH:{address}\r\nURL:file://{file}\r\nEND:VEVENT\r\nEND:VCALENDAR"
    )
    parts = (
        ("text/html", html),
        ("text/plain", address),
        ("text/calendar", calendar),
        ("application/xml", html),
        (f'message/external-body; access-type=URL; URL="{address}"', "Content-Type: text/html\r\n\r\n"),
        (f'message/external-body; access-type=local-file; name="{file}"', "Content-Type: text/html\r\n\r\n"),
    )
    body = "".join(f"--part\r\nContent-Type: {kind}\r\n\r\n{content}\r\n" for kind, content in parts)
    head = 'Subject: Planned work\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="part"\r\n\r\n'
    return f"From: noc@isp.example\r\n{head}{body}--part--\r\n".encode()


class OfflineTest(SimpleTestCase):
    """A message that refers to a listening server and a file."""

    def setUp(self):
        self.listener = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        self.listener.setblocking(False)
        file = self.enterContext(tempfile.NamedTemporaryFile("w"))  # pylint: disable=consider-using-with  # it does
        file.write(IN_THE_FILE)
        file.flush()
        self.raw = referring_to(f"http://127.0.0.1:{self.listener.getsockname()[1]}/named", file.name)

    def assert_not_connected(self):
        """Check that no connection is waiting."""
        with self.assertRaises(BlockingIOError):
            self.listener.accept()

    def test_a_connection_is_noticed(self):
        with socket.create_connection(self.listener.getsockname()), self.assertRaises(AssertionError):
            self.assert_not_connected()

    def test_no_parser_fetches_anything(self):
        provenance = Provenance(NOON, NOON, "0" * 64)
        for name in known_parser_names():
            with self.subTest(name):
                try:
                    result = str(parse(self.raw, [name], provenance).updates)
                except ParseError as error:
                    result = str(error)
                self.assertNotIn(IN_THE_FILE, result)
                self.assert_not_connected()

    def test_showing_it_fetches_nothing(self):
        message = readable(self.raw)

        for shown in (safe_document(message.html), message.text):
            self.assertNotIn(IN_THE_FILE, shown)
        self.assertNotIn("/named", safe_document(message.html))
        self.assert_not_connected()

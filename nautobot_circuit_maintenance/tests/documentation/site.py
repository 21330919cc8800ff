"""Runs the documentation's examples of HTTP requests: curl and GraphQL."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.urls import reverse

from nautobot_circuit_maintenance.tests.documentation.world import SITE

_CURL = argparse.ArgumentParser("curl", exit_on_error=False)
_CURL.add_argument("-H", "--header", action="append", default=[])
_CURL.add_argument("-X", "--request")
_CURL.add_argument("-d", "--data")
_CURL.add_argument("--data-binary")
_CURL.add_argument("-G", "--get", action="store_true")
_CURL.add_argument("--data-urlencode", action="append", default=[])
_CURL.add_argument("-o", "--output", type=Path)
_CURL.add_argument("url")


class Site:
    """Nautobot, accessed with an API token."""

    def __init__(self, token: str) -> None:
        """Create a client with this token."""
        self._token = {"Authorization": f"Token {token}"}
        self._client = Client(SERVER_NAME=SITE.partition("//")[2])

    def curl(self, words: Sequence[str], expected: int) -> Any:
        """Send a request as curl would and check its status; return the JSON of the response, None for other content."""
        options = _CURL.parse_args(words)
        assert options.url.startswith(f"{SITE}/"), "examples send requests to $NAUTOBOT only"
        body = _body(options)
        url = options.url.removeprefix(SITE)
        if options.get:
            url += ("&" if "?" in url else "?") + urlencode(
                [tuple(each.split("=", 1)) for each in options.data_urlencode]
            )
        headers = dict(each.split(": ", 1) for each in options.header)
        kind = headers.pop("Content-Type", "application/x-www-form-urlencoded")
        method = options.request or ("GET" if body is None else "POST")
        answer = self._client.generic(method, url, body or b"", content_type=kind, headers=headers)

        assert answer.status_code == expected, f"{answer.status_code}: {answer.content.decode()[:1000]}"
        if options.output:
            options.output.write_bytes(answer.content)
        found = answer.json() if answer["Content-Type"].startswith("application/json") else None
        assert not isinstance(found, dict) or found.get("count") != 0, "an example that finds nothing shows nothing"
        return found

    def graphql(self, query: str) -> Any:
        """Send a query; return the response, which must have no errors and data for each top-level field."""
        url = reverse("graphql-api")
        answer = self._client.post(url, {"query": query}, "application/json", headers=self._token).json()
        assert "errors" not in answer, answer
        assert all(answer["data"].values()), "an example that finds nothing shows nothing"
        return answer


def _body(options: argparse.Namespace) -> bytes | None:
    data = options.data_binary or options.data
    if data and data.startswith("@"):
        return Path(data[1:]).read_bytes()
    return data.encode() if data else None

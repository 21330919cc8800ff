"""HTTP with the certificates and the time limit of a source."""

from typing import Any

import requests


class Http(requests.Session):
    """A session whose every request has a time limit, and trusts the certificates of the source if there are any.

    As an attribute of the session, they would count less than the environment variable REQUESTS_CA_BUNDLE.
    """

    def __init__(self, *, ca_file: str, timeout: float) -> None:
        """Keep the path of the certificates, which may be empty, and the seconds that an operation may take."""
        super().__init__()
        self.own = {"timeout": timeout, **({"verify": ca_file} if ca_file else {})}

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request; raises OSError, of which the library's errors are a kind."""
        return super().request(*args, **{**kwargs, **self.own})

"""The servers that vouch for the app at mail servers, and what they can do to it: tokens that expire or are refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from development.services.graph.tenant import Tenant, login_error
from development.services.introspection import Introspection


@dataclass
class Logins:
    """All login servers, used as one."""

    tenants: tuple[Tenant, ...]
    """Those that issue access tokens."""
    introspection: Introspection
    """Answers the IMAP server whose token it was given."""

    @property
    def issued(self) -> int:
        """The number of tokens that were asked for."""
        return sum(tenant.requests.count("token") for tenant in self.tenants)

    @property
    def asked(self) -> int:
        """The number of questions of the IMAP server about tokens."""
        return len(self.introspection.asked)

    def expire(self) -> int:
        """Let every token that was issued expire; return how many were valid."""
        count = sum(len(tenant.tokens) for tenant in self.tenants)
        for tenant in self.tenants:
            tenant.tokens.clear()
        return count

    @contextmanager
    def issuing_none(self) -> Iterator[None]:
        """Refuse new tokens until the block ends, as after the end of a client secret."""
        for tenant in self.tenants:
            tenant.token_refusal = login_error(
                401, "invalid_client", 7000222, "The provided client secret keys are expired."
            )
        try:
            yield
        finally:
            for tenant in self.tenants:
                tenant.token_refusal = None

    @contextmanager
    def accepting_none(self) -> Iterator[None]:
        """Let the IMAP server refuse every token until the block ends."""
        self.introspection.is_refusing = True
        try:
            yield
        finally:
            self.introspection.is_refusing = False

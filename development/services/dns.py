"""A DNS server on loopback, which knows the TXT records that a test gives it."""

import socket
import threading
from contextlib import AbstractContextManager
from types import TracebackType

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset


class DnsServer(AbstractContextManager["DnsServer"]):
    """Answers by UDP; names that it does not know do not exist."""

    def __init__(self) -> None:
        """Prepare a server without records."""
        self.records: dict[str, list[str]] = {}
        """TXT records by name, without the final dot."""
        self.codes: dict[str, dns.rcode.Rcode] = {}
        """What is answered about a name instead."""
        self.silent: set[str] = set()
        """Names about which it does not answer at all."""
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def resolver(self) -> dns.resolver.Resolver:
        """Return a resolver that asks this server and no other."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self._socket.getsockname()[1]
        return resolver

    def __enter__(self) -> "DnsServer":
        """Start to answer; the default resolver of this process asks it from now on."""
        self._before = dns.resolver.default_resolver
        dns.resolver.default_resolver = self.resolver
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        dns.resolver.default_resolver = self._before
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            packet, address = self._socket.recvfrom(4096)
            if not packet:
                return
            query = dns.message.from_wire(packet)
            name = query.question[0].name.to_text(omit_final_dot=True).lower()
            self.asked.append(name)
            if name not in self.silent:
                self._socket.sendto(self._answer(query, name).to_wire(), address)

    def _answer(self, query: dns.message.Message, name: str) -> dns.message.Message:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        known = self.records.get(name)
        answer.set_rcode(self.codes.get(name, dns.rcode.NOERROR if known is not None else dns.rcode.NXDOMAIN))
        if known and not answer.rcode():
            quoted = [" ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255)) for text in known]
            answer.answer.append(dns.rrset.from_text(query.question[0].name, 60, "IN", "TXT", *quoted))
        return answer

"""An IMAP server in memory: pymap behind one port with STARTTLS and one with TLS; run by `development.services.imap`.

pymap's own command listens on one port and cannot use TLS from the first byte. Its Maildir backend is not suitable: it
parses and rewrites each message, so that the bytes fetched are not those delivered.
"""

import asyncio
import json
import os
import ssl
import sys
from argparse import Namespace
from pathlib import Path

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, DictBackend
from pymap.backend.dict.mailbox import MailboxData
from pymap.imap import IMAPServer
from pymap.mailbox import MailboxSnapshot
from pymap.parsing.specials.flag import Wildcard, get_system_flags
from pysasl.hashing import BuiltinHash

HOST = os.environ.get("NCM_IMAP_HOST", "127.0.0.1")
# 0 is any free port.
PORT, TLS_PORT = (int(os.environ.get(name, "0")) for name in ("NCM_IMAP_PORT", "NCM_IMAP_TLS_PORT"))
LINE_LIMIT = 1 << 20  # bytes; a search for many senders is one long line

# Python 3.10 needs an older pymap, which does not hash passwords and has no callback for the proxy protocol.
IS_OLD_PYMAP = sys.version_info < (3, 11)
# One round of hashing: the usual thousands would cost every login a tenth of a second.
FAST_LOGIN = {} if IS_OLD_PYMAP else {"hash_context": BuiltinHash(rounds=1)}


def settings(folder: Path, *, tls_enabled: bool) -> Namespace:
    """Return the arguments that pymap's command line would give."""
    return Namespace(
        host=HOST,
        port=0,
        debug=False,
        cert=str(folder / "server.pem"),
        key=str(folder / "server.key"),
        tls=tls_enabled,
        proxy_protocol=None,
        passlib_cfg=None,
        demo_data=False,
        demo_user=os.environ["NCM_IMAP_USER"],
        demo_password=os.environ["NCM_IMAP_PASSWORD"],
    )


def improve_pymap() -> None:
    """Keep keywords of clients, which this backend drops, and set UIDVALIDITY, which it makes random."""
    MailboxData.permanent_flags = property(lambda mailbox: get_system_flags() | {Wildcard})
    if fixed := os.environ.get("NCM_IMAP_UIDVALIDITY"):
        MailboxSnapshot.new_uid_validity = staticmethod(lambda: int(fixed))


async def listen(backend: DictBackend, config: Config, port: int, context: ssl.SSLContext | None) -> asyncio.Server:
    """Serve the mailboxes of `backend` on a port, with TLS from the first byte if there is a context."""
    server = IMAPServer(backend.login, config)
    callback = server if IS_OLD_PYMAP else ProxyProtocolReader(config.proxy_protocol).get_callback(server)
    return await asyncio.start_server(callback, host=HOST, port=port, ssl=context, limit=LINE_LIMIT)


async def serve(folder: Path) -> None:
    """Serve until terminated; write the ports to `ports.json`."""
    # A client may log in only after STARTTLS; on the other port it has TLS already.
    backend, config = await DictBackend.init(settings(folder, tls_enabled=True), **FAST_LOGIN)
    config.apply_context()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    starttls = await listen(backend, config, PORT, None)
    tls = await listen(backend, Config.from_args(settings(folder, tls_enabled=False)), TLS_PORT, context)
    ports = {"port": starttls.sockets[0].getsockname()[1], "tls_port": tls.sockets[0].getsockname()[1]}
    (folder / "ports.new").write_text(json.dumps(ports), encoding="ascii")
    (folder / "ports.new").rename(folder / "ports.json")
    async with starttls, tls:
        await asyncio.gather(starttls.serve_forever(), tls.serve_forever())


if __name__ == "__main__":
    os.environ["FQDN"] = "localhost"  # otherwise pymap asks the name service for its own name
    try:
        improve_pymap()
        asyncio.run(serve(Path(sys.argv[1])))
    except KeyboardInterrupt:
        pass

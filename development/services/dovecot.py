"""A real IMAP server: Debian's Dovecot, run by an ordinary user in its own folder; `with dovecot() as server`."""

import fcntl
import grp
import os
import pwd
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

from development.services.embedded import ServiceError, locked, server_account, start_supervised, wait_until
from development.services.imap import ImapServer, make_certificates

APPENDED_AT_ONCE = 5_000

# Not Maildir: writing a hundred thousand files would take longer than everything else.
CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = /dev/stderr
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = mdbox:{folder}/mail
mail_fsync = never
ssl = required
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
auth_failure_delay = 0 secs
auth_mechanisms = {mechanisms}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.ext
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail
}}
service anvil {{
  chroot =
  # Otherwise a refused login makes the next one wait for seconds.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""

# Dovecot asks there whose an access token is (RFC 7662, by GET with the token in Authorization).
INTROSPECTION = """
introspection_mode = auth
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""


@contextmanager
def dovecot(
    username: str = "maintenance@example.net", *, mechanisms: str = "plain login", introspection: str = ""
) -> Iterator[ImapServer]:
    """Run an empty Dovecot with one account until the block ends; raise ServiceError if it is not installed or fails.

    With the URL of `development.services.introspection`, it also accepts access tokens.
    """
    program = shutil.which("dovecot", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
    if not program:
        raise ServiceError("No Dovecot: install Debian's package dovecot-imapd.")
    with tempfile.TemporaryDirectory(prefix="ncm-dovecot-", ignore_cleanup_errors=True) as name:
        folder, password = Path(name), secrets.token_hex(12)
        port, tls_port = _free_ports()
        make_certificates(folder)
        account = server_account()
        (folder / "oauth2.ext").write_text(INTROSPECTION.format(url=introspection or "http://127.0.0.1:9/"), "ascii")
        _configure(folder, account, port=port, tls_port=tls_port, password=password, mechanisms=mechanisms)
        with locked(folder / "users.lock", fcntl.LOCK_SH):
            command = [program, "-F", "-c", str(folder / "dovecot.conf")]
            server = start_supervised(f"dovecot-{os.getpid()}", command, lock=folder / "users.lock", user=account)
            wait_until(lambda: _listens(tls_port), what="Dovecot", server=server)
            yield ImapServer("localhost", port, tls_port, folder / "ca.pem", username, password)
        server.supervisor.wait()
        server.log.unlink(missing_ok=True)


def fill(server: ImapServer, raws: Iterable[bytes], folder: str = "INBOX") -> None:
    """Append messages in few commands (RFC 3502): a hundred thousand take seconds instead of minutes."""
    with server.client() as client:
        if not client.folder_exists(folder):
            client.create_folder(folder)
        waiting = iter(raws)
        while batch := list(islice(waiting, APPENDED_AT_ONCE)):
            client.multiappend(folder, batch)


def _configure(folder: Path, account: str, **values: str | int) -> None:
    user = pwd.getpwnam(account) if account else pwd.getpwuid(os.getuid())
    names = {"user": user.pw_name, "group": grp.getgrgid(user.pw_gid).gr_name}
    settings = CONFIGURATION.format(folder=folder, **values, **names)
    (folder / "dovecot.conf").write_text(settings, encoding="ascii")
    if account:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, user.pw_uid, user.pw_gid)


def _free_ports() -> tuple[int, int]:
    """Return two ports that were free a moment ago; Dovecot cannot choose them itself."""
    with closing(socket.create_server(("127.0.0.1", 0))) as one, closing(socket.create_server(("127.0.0.1", 0))) as two:
        return one.getsockname()[1], two.getsockname()[1]


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

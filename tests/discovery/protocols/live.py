"""A web process for clients that open sockets of their own, a door with TLS before it, and music for a real player."""

import datetime as dt
import ipaddress
import os
import secrets
import socket
import ssl
import struct
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings as django_settings
from django.db import connection

from discovery.embedded.process import child_start, child_stop, last_lines
from tests.discovery.realtime.conftest import answers, free_port
from tests.processes import wait_for


class Server:
    """One web process over the test's database; ``stop`` and ``start`` are a restart at the same address."""

    def __init__(self, home):
        self.home, self.port, self.child = home, free_port(), None
        self.log = home / "web.log"

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        database = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
        environment = {
            "DATABASE_URL": database, "REDIS_URL": django_settings.REDIS_URL, "EARSHOT_HOME": str(self.home),
            "SECRET_KEY": django_settings.SECRET_KEY, "SIGNING_KEY": django_settings.SIGNING_KEY, "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        command = [sys.executable, "-m", "uvicorn", "discovery.asgi:application", "--port", str(self.port)]
        self.child = child_start(command, log=self.log, environment=environment)
        wait_for(lambda: answers(self.port), what=f"a web process:\n{last_lines(self.log)}")

    def stop(self):
        if self.child is not None:
            child_stop(self.child)
            self.child = None


@pytest.fixture(scope="module")
def _server(django_db_setup, django_db_blocker, tmp_path_factory):
    if connection.vendor != "postgresql":
        pytest.skip("other processes cannot see a test database in memory")
    server = Server(tmp_path_factory.mktemp("players"))
    with ExitStack() as stack:
        stack.callback(server.stop)
        server.start()
        yield server


@pytest.fixture
def server(_server, transactional_db):
    if _server.child is None:
        _server.start()
    return _server


@contextmanager
def tls_before(port, folder):
    """A door that speaks TLS and passes on what comes in to ``port``: its own port, and the file of its certificate."""
    context, certificate = _context(folder)
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve():
        while not ended.is_set():
            with suppress(OSError):
                inside, _address = listening.accept()
                threading.Thread(target=_passed_on, args=(context, inside, port), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1], certificate
    finally:
        ended.set()
        with suppress(OSError):
            socket.create_connection(listening.getsockname(), timeout=1).close()
        listening.close()


def _passed_on(context, inside, port):
    with (
        suppress(OSError, ssl.SSLError),
        inside,
        context.wrap_socket(inside, server_side=True) as wire,
        socket.create_connection(("127.0.0.1", port), timeout=20) as plain,
    ):
        back = threading.Thread(target=_copy, args=(plain, wire), daemon=True)
        back.start()
        _copy(wire, plain)
        back.join(20)


def _copy(source, target):
    with suppress(OSError, ssl.SSLError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _context(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"localhost {secrets.token_hex(4)}")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, private = folder / "tls.pem", folder / "tls.key"
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    return context, certificate


def wave_write(path, *, title, artist, album, seconds):
    """Silence as a WAV file that says what it is."""
    said = b"".join(
        _chunk(name, word.encode() + b"\0")
        for name, word in ((b"INAM", title), (b"IART", artist), (b"IPRD", album))
    )
    rate = 8_000
    sound = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)) + _chunk(
        b"data", bytes(rate * 2 * seconds)
    )
    body = b"WAVE" + _chunk(b"LIST", b"INFO" + said) + sound
    path.write_bytes(_chunk(b"RIFF", body))


def _chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + (b"\0" if len(data) % 2 else b"")


class Mpd:
    """A Music Player Daemon that plays into nothing, in real time, and its command line."""

    def __init__(self, home, music):
        self.port = free_port()
        conf = home / "mpd.conf"
        conf.write_text(
            f'music_directory "{music}"\ndb_file "{home / "mpd.db"}"\nlog_file "{home / "mpd.log"}"\n'
            f'bind_to_address "127.0.0.1"\nport "{self.port}"\n'
            'audio_output {\n  type "null"\n  name "nothing"\n}\n'
        )
        self.child = child_start(["mpd", "--no-daemon", str(conf)], log=home / "mpd.out", environment={})
        wait_for(lambda: answers(self.port), what="mpd")
        self.say("update")
        wait_for(lambda: "updating_db" not in self.say("status"), what="mpd to read its music")

    def say(self, command):
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as wire:
            lines = wire.makefile("rw", encoding="utf-8", newline="\n")
            lines.readline()
            lines.write(command + "\n")
            lines.flush()
            said = []
            while (line := lines.readline().rstrip("\n")) not in ("OK", ""):
                assert not line.startswith("ACK"), line
                said.append(line)
        return "\n".join(said)

    def plays(self, name, *, seconds):
        """Play this file for so long."""
        for command in ("clear", f'add "{name}"', "play"):
            self.say(command)
        time.sleep(seconds)

    def stop(self):
        child_stop(self.child)

"""Which addresses are asked: those that the operator allows, where they lead at that moment, and nowhere further."""

import ipaddress
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discovery.library import guarded
from discovery.library.guarded import (
    LOOPBACK,
    PRIVATE,
    PUBLIC,
    addresses_allowed,
    base_url,
    guarded_client,
    kind_of,
)
from discovery.library.subsonic import Server, Subsonic
from discovery.platform.errors import InvalidInput, NotAllowed, Refusal


def leads_to(monkeypatch, *addresses):
    """Each look-up of any name says the next of these; the last one for good."""
    left, asked = list(addresses), []
    really = socket.getaddrinfo

    def looked_up(host, port, *more, **_):
        if host in addresses:  # a connection to what was looked up before
            return really(host, port, *more)
        asked.append(host)
        told = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in told.split()]

    monkeypatch.setattr(guarded.socket, "getaddrinfo", looked_up)
    return asked


@pytest.fixture
def somewhere():
    """A server on this machine that redirects to itself, and remembers what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path.partition("?")[0], self.headers["Host"]))
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/inside")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.asked = asked
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", LOOPBACK), ("127.9.9.9", LOOPBACK), ("::1", LOOPBACK), ("::ffff:127.0.0.1", LOOPBACK),
        ("10.0.0.1", PRIVATE), ("192.168.1.1", PRIVATE), ("172.16.0.9", PRIVATE), ("fd00::1", PRIVATE),
        ("::ffff:10.0.0.1", PRIVATE), ("64:ff9b::a00:1", PRIVATE), ("2002:a00:1::", PRIVATE),
        ("169.254.169.254", ""), ("fe80::1", ""), ("0.0.0.0", ""), ("::", ""), ("224.0.0.1", ""), ("100.64.0.1", ""),  # noqa: S104
        ("93.184.216.34", PUBLIC), ("2606:4700::1111", PUBLIC),
    ],
)  # fmt: skip
def test_what_an_address_is(address, kind):
    assert kind_of(ipaddress.ip_address(address)) == kind


@given(st.ip_addresses())
def test_nothing_that_is_not_global_is_taken_for_public(address):
    if kind_of(address) == PUBLIC:
        assert address.is_global
        assert kind_of(address) == kind_of(guarded._embedded(address))
        assert not any(
            getattr(address, f"is_{kind}") for kind in ("private", "loopback", "link_local", "multicast")
        )


@pytest.mark.parametrize(
    ("servers", "address", "allowed"),
    [
        ([], "93.184.216.34", True),
        ([], "10.0.0.1", False),
        ([], "127.0.0.1", False),
        ([], "169.254.169.254", False),
        ([], "93.184.216.34 10.0.0.1", False),
        (["loopback"], "127.0.0.1", True),
        (["loopback"], "93.184.216.34", False),
        (["public", "private"], "10.0.0.1", True),
        (["public", "private"], "169.254.169.254", False),
        (["https://music.example"], "10.0.0.1", True),
        (["http://music.example"], "10.0.0.1", False),
        (["https://music.example:8443"], "10.0.0.1", False),
        (["https://music.example/sub"], "10.0.0.1", False),
        (["https://other.example"], "93.184.216.34", False),
    ],
)
def test_what_the_operator_allows(monkeypatch, settings, servers, address, allowed):
    settings.LIBRARY_SERVERS = servers
    leads_to(monkeypatch, address)
    if allowed:
        assert addresses_allowed("https://music.example/rest/ping.view")
    else:
        with pytest.raises(NotAllowed) as refused:
            addresses_allowed("https://music.example/rest/ping.view")
        assert refused.value.specific_code == "LIBRARY_NOT_ALLOWED"


def test_a_name_that_leads_elsewhere_a_moment_later_gets_nowhere(monkeypatch, settings, somewhere):
    settings.LIBRARY_SERVERS = ["public"]
    leads_to(monkeypatch, "93.184.216.34", "127.0.0.1")
    assert addresses_allowed("http://music.example/")  # as a check before the connection would ask
    with guarded_client() as client, pytest.raises(NotAllowed):
        client.get(f"http://music.example:{somewhere.server_port}/")
    assert somewhere.asked == []


def test_it_connects_to_the_address_that_was_checked(monkeypatch, settings, somewhere):
    settings.LIBRARY_SERVERS = ["loopback"]
    asked = leads_to(monkeypatch, "127.0.0.1", "192.0.2.1")
    with guarded_client() as client:
        answer = client.get(f"http://music.example:{somewhere.server_port}/rest")
    assert (answer.status_code, asked) == (302, ["music.example"])  # and was not followed
    assert somewhere.asked == [("/rest", f"music.example:{somewhere.server_port}")]


def test_a_redirect_is_no_music_server(settings, somewhere):
    settings.LIBRARY_SERVERS = ["loopback"]
    with (
        Subsonic(Server(f"http://127.0.0.1:{somewhere.server_port}", "a", "b")) as client,
        pytest.raises(Refusal) as refused,
    ):
        client.sign_in()
    assert refused.value.specific_code == "LIBRARY_NO_SERVER"
    assert [path for path, _host in somewhere.asked] == ["/rest/ping.view"]


@pytest.fixture
def dripping():
    """``dripping(begun, piece, pause)``: a server whose answer begins so, and then goes on in such pieces."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def dripping(begun, piece, pause, pieces=200):
            def answer():
                with listening.accept()[0] as connection:
                    connection.recv(65_536)
                    connection.sendall(begun)
                    try:
                        for _ in range(pieces):
                            time.sleep(pause)
                            connection.sendall(piece)
                    except OSError:
                        return

            threading.Thread(target=answer, daemon=True).start()
            return Server(f"http://127.0.0.1:{listening.getsockname()[1]}", "a", "b")

        yield dripping


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize("begun", [b"HTTP/1.1 200 OK\r\nX-Long: ", OK])
def test_who_answers_in_drops_does_not_answer(monkeypatch, settings, dripping, begun):
    settings.LIBRARY_SERVERS = ["loopback"]
    monkeypatch.setattr(guarded, "READ", 0.5)
    server, at = dripping(begun, b"x", 0.05), time.monotonic()
    with Subsonic(server) as client, pytest.raises(Refusal) as refused:
        client.ask("ping")
    assert refused.value.specific_code == "LIBRARY_UNREACHABLE"
    assert time.monotonic() - at < 3


def test_a_slow_line_is_waited_for(monkeypatch, settings, dripping):
    settings.LIBRARY_SERVERS = ["loopback"]
    monkeypatch.setattr(guarded, "READ", 0.5)
    told = b'{"subsonic-response": {"status": "ok"}}'.ljust(32_768)
    begun = OK.replace(b"1000000", str(len(told)).encode())
    server = dripping(begun + told[:1024], told[1024:2048], 0.05, pieces=31)
    with Subsonic(server) as client:
        assert client.ask("ping")["status"] == "ok"


def test_the_password_itself_goes_over_tls_or_to_a_near_address_alone(monkeypatch, settings):
    settings.LIBRARY_SERVERS = ["public"]
    leads_to(monkeypatch, "93.184.216.34")
    with (
        Subsonic(Server("http://music.example", "a", "secret", clear=True)) as client,
        pytest.raises(NotAllowed) as refused,
    ):
        client.ask("ping")
    assert refused.value.specific_code == "LIBRARY_NEEDS_TLS"


def test_a_token_never_tells_the_password_and_is_another_each_time():
    client = Subsonic(Server("http://music.example", "a", "secret"), httpx.Client())
    one, other = client._signed({}), client._signed({})
    assert "p" not in one
    assert one["t"] != other["t"]
    assert "secret" not in repr(client.server)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (" https://Music.Example/ ", "https://music.example"),
        ("https://music.example:443/sub/rest", "https://music.example/sub"),
        ("http://[::1]:4040", "http://[::1]:4040"),
        ("https://müsik.example", "https://xn--msik-0ra.example"),
    ],
)
def test_an_address_is_kept_in_one_form(text, url):
    assert base_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "music.example",
        "file:///etc/passwd",
        "http://",
        "http://a:b@c",
        "http://a?b=c",
        "http://a:99999",
        "http://a/\tb",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(InvalidInput):
        base_url(text)

"""Connections to addresses that a listener named: checked where they lead, each time, and never followed elsewhere.

A name is looked up for every request, all its addresses are checked, and the connection goes to one of those that were:
what the name means a moment later does not matter. TLS is still checked against the name. Redirects are not followed,
and no proxy of the environment is used. Who answers in drops does not answer: nobody waits longer than for a slow line.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from discovery.platform.errors import InvalidInput, NotAllowed
from graph.models.library import URL_LENGTH

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

NOT_ALLOWED, NEEDS_TLS = "LIBRARY_NOT_ALLOWED", "LIBRARY_NEEDS_TLS"
CLEAR = "earshot.clear"  # an extension of requests that tell a password
# Kinds of addresses that an operator may allow as a whole, beside the servers they list.
PUBLIC, PRIVATE, LOOPBACK = "public", "private", "loopback"
PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

CONNECT, READ = 5.0, 20.0  # seconds
SLOWEST = 8 * 1024  # bytes that come in a second, but for READ seconds


def base_url(text: str) -> str:
    """The address of a server as it is kept, without a last slash. Raises InvalidInput (INVALID_URL)."""
    refusal = InvalidInput(_("This is no address of a music server."), field="url", code="INVALID_URL")
    text = text.strip().rstrip("/").removesuffix("/rest")
    try:
        parts = urlsplit(text)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
    except (ValueError, UnicodeError):
        raise refusal from None
    unsound = parts.query or parts.fragment or parts.username is not None or parts.password is not None
    if parts.scheme not in PORTS or not host or unsound or len(text) > URL_LENGTH or not text.isprintable():
        raise refusal
    name = f"[{host}]" if ":" in host else host
    default = port is None or port == PORTS[parts.scheme]
    return f"{parts.scheme}://{name}{'' if default else f':{port}'}{parts.path.rstrip('/')}"


def addresses_allowed(url: str | httpx.URL) -> list[Address]:
    """Where the name of ``url`` leads now; all of it. Raises NotAllowed where one of these is not allowed."""
    parts = urlsplit(str(url))
    found = _looked_up(parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0))
    listed, kinds = _allowed()
    if any(_begins(parts, each) for each in listed):
        return found
    if not kinds.issuperset(kind_of(address) for address in found):
        raise NotAllowed(_("This installation may not ask this server."), field="url", code=NOT_ALLOWED)
    return found


def kind_of(address: Address) -> str:
    """What an address is, for the setting; what is none of these (link-local, multicast …) has to be listed."""
    address = _embedded(address)
    if address.is_loopback:
        return LOOPBACK
    if address.is_multicast or address.is_link_local or address.is_unspecified:
        return ""
    if address.is_global:
        return PUBLIC
    return PRIVATE if address.is_private else ""


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_near(addresses: Iterable[Address]) -> bool:
    """Whether what is sent stays in this machine or network."""
    return all(kind_of(address) in {LOOPBACK, PRIVATE} for address in addresses)


def _looked_up(host: str, port: int) -> list[Address]:
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise httpx.ConnectError("no such name") from None
    return list(dict.fromkeys(ipaddress.ip_address(f"{row[4][0]}".partition("%")[0]) for row in rows))


def _allowed() -> tuple[list[SplitResult], frozenset[str]]:
    words = settings.LIBRARY_SERVERS or [PUBLIC]
    kinds = frozenset(words) & {PUBLIC, PRIVATE, LOOPBACK}
    return [urlsplit(word.rstrip("/")) for word in words if word not in kinds], kinds


def _begins(parts: SplitResult, listed: SplitResult) -> bool:
    """Whether an address is one of a server that the operator listed."""
    same = (parts.scheme, parts.hostname, parts.port or PORTS.get(parts.scheme)) == (
        listed.scheme, listed.hostname, listed.port or PORTS.get(listed.scheme),
    )  # fmt: skip
    return same and (parts.path == listed.path or parts.path.startswith(f"{listed.path}/"))


@dataclass
class Guarded(httpx.BaseTransport):
    """Connects to the very address that was checked. What bears `CLEAR` goes over TLS or to a near address alone."""

    inner: httpx.BaseTransport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises NotAllowed."""
        url, addresses = request.url, addresses_allowed(request.url)
        if CLEAR in request.extensions and url.scheme != "https" and not is_near(addresses):
            message = _("This server wants the password itself, and has no encryption.")
            raise NotAllowed(message, field="url", code=NEEDS_TLS)
        address = addresses[0]
        extensions: dict[str, Any] = {**request.extensions, "sni_hostname": url.host}
        checked = httpx.Request(
            request.method, url.copy_with(host=str(address)), headers=request.headers,  # of which Host names the server
            stream=request.stream, extensions=extensions,
        )  # fmt: skip
        return self.inner.handle_request(checked)

    def close(self) -> None:
        self.inner.close()


class _Patience(httpcore.NetworkStream):
    """A connection that is waited for READ seconds a request, and for as long again as comes in meanwhile, never more than that ahead.

    A timeout of httpx is for each piece, and a piece may be a byte: it bounds nothing.
    """

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner, self._left = inner, READ

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._left <= 0:
            raise httpcore.ReadTimeout("too slow")
        begun = time.monotonic()
        piece = self._inner.read(max_bytes, self._left if timeout is None else min(timeout, self._left))
        self._left = min(READ, self._left - (time.monotonic() - begun) + len(piece) / SLOWEST)
        return piece

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._left = READ
        self._inner.write(buffer, timeout)

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        return _Patience(self._inner.start_tls(*arguments, **options))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Network(httpcore.SyncBackend):
    def connect_tcp(self, *arguments: Any, **options: Any) -> httpcore.NetworkStream:
        return _Patience(super().connect_tcp(*arguments, **options))


def guarded_client() -> httpx.Client:
    """A client for one server, or for one request of it."""
    inner = httpx.HTTPTransport(trust_env=False, retries=0)
    inner._pool._network_backend = _Network()  # noqa: SLF001  # httpx takes none
    transport = Guarded(inner)
    timeout = httpx.Timeout(READ, connect=CONNECT)
    return httpx.Client(transport=transport, timeout=timeout, follow_redirects=False, trust_env=False)

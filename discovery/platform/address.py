"""Where a request comes from, as TRUSTED_PROXIES says how to tell. Imports nothing of ours."""

from ipaddress import IPv6Address, ip_address

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

UNKNOWN = "unknown"  # of whom a server tells no address: all of them are counted as one


def client_address(request: HttpRequest) -> str:
    """The address that is counted; of IPv6 the network, for one household has more addresses than can be counted."""
    try:
        address = ip_address(str(get_adapter().get_client_ip(request)))
    except (PermissionDenied, ValueError):
        return UNKNOWN
    if not isinstance(address, IPv6Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else ":".join(address.exploded.split(":")[:4])

"""Which addresses this machine may be sent to: a stranger names the URL, not the network.

A webhook's URL could lead to the machine itself, to the database beside it, or to the metadata
service of a cloud (server-side request forgery). So the name is resolved once, every address that
it leads to must be public, and the connection goes to the address that was looked at: a name that
answers otherwise the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from clearway.errors import InputError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Collection[str]]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")


class NotCallable(InputError):
    """A URL that leads where this machine must not call."""

    code = "address_not_callable"
    title = "This address may not be called"
    status = 422


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a request goes: an address that was looked at, under the name that was asked for.

    Args:
        scheme: https or http.
        host: the name, for the Host header and the certificate.
        ip: the address to connect to.
    """

    scheme: str
    host: str
    port: int
    ip: str
    path: str

    @property
    def url(self) -> str:
        """The URL by address instead of by name."""
        literal = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{self.scheme}://{literal}:{self.port}{self.path}"

    @property
    def host_header(self) -> str:
        """The name, with a port that is not the usual one."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return name if self.port == usual else f"{name}:{self.port}"


def resolve(host: str, port: int) -> tuple[str, ...]:
    """Return the addresses of a name, by this machine's resolver. Raises: OSError: it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label is empty or too long (RFC 1035, 2.3.4)
        raise OSError(f"no name that a resolver takes: {error}") from error
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def destination(url: str, allowed: Collection[str], look_up: Resolve = resolve) -> Destination:
    """Return where a URL leads, if it may be called.

    Args:
        allowed: hosts (`name` or `name:port`) that may be called wherever they lead, also by http.
        look_up: name and port to addresses.

    Raises: NotCallable: not https, or it leads to an address that is not public. OSError: the name
    leads nowhere now.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    is_allowed = host in allowed or f"{host}:{port}" in allowed
    if parts.scheme != "https" and not (is_allowed and parts.scheme == "http"):
        raise NotCallable(f"{host} must be called by https, or be listed in webhook_hosts")
    addresses = tuple(look_up(host, port))
    if not addresses:
        raise OSError(f"{host} leads to no address")
    if not is_allowed:
        for each in addresses:
            if not is_public(each):
                raise NotCallable(
                    f"{host} leads to an address that is not public; an operator may list it in"
                    " webhook_hosts"
                )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, host, port, addresses[0], path)


def is_public(text: str) -> bool:
    """Return whether an address is one of the open internet, whatever form it is written in."""
    try:
        address: IpAddress = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(address)
    if inner is not None:
        return is_public(str(inner))
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: IpAddress) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address carries to: mapped, 6to4, Teredo, NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64 or address in _NAT64_LOCAL:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (None if teredo is None else teredo[1])

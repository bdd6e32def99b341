"""Which hosts are asked at all: none at a private address, unless the user admits them. IPv4 and IPv6 alike."""

import ipaddress
import socket
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from scrapy.resolver import CachingHostnameResolver
from twisted.internet._resolver import GAIResolver
from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from zope.interface import implementer

from qacrawl.errors import Exit, QacrawlError
from qacrawl.fetch.outcomes import PrivateAddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
_REFUSED: dict[str, str] = {}
"""Names that were looked up and not admitted, each with its private address."""


class Resolver(CachingHostnameResolver):
    """Scrapy's resolver of both families; it finds no private addresses while a run that may not see them is open."""

    guards = False
    """Of the class, since a process has one resolver, which knows neither the crawler nor the run."""

    def __init__(self, reactor: ReactorBase, cache_size: int) -> None:
        super().__init__(reactor, cache_size)
        made: Any = GAIResolver
        self.original_resolver = made(reactor, getaddrinfo=_look_up)

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        """Give the addresses of a host to a receiver, as Twisted asks for them."""
        receiver: Any = Guard(resolutionReceiver, hostName) if self.guards else resolutionReceiver
        return super().resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)


@implementer(IResolutionReceiver)
class Guard:
    """Hands the addresses of a host on when all are there; none of them if any is private.

    Which one is connected to is decided by what answers first, so a public one beside it is no assurance.
    """

    def __init__(self, receiver: Any, name: str) -> None:
        self.receiver = receiver
        self.name = name
        self.found: list[Any] = []

    def resolutionBegan(self, resolution: IHostResolution) -> None:
        """Pass it on."""
        self.receiver.resolutionBegan(resolution)

    def addressResolved(self, address: IAddress) -> None:
        """Take one of the addresses."""
        self.found.append(address)

    def resolutionComplete(self) -> None:
        """Pass all on, or none."""
        private = next((address.host for address in self.found if is_private(address.host)), None)
        if private is not None:
            _REFUSED[_plain(self.name)] = private
        for address in self.found if private is None else ():
            self.receiver.addressResolved(address)
        self.receiver.resolutionComplete()


def _look_up(*args: Any) -> Any:
    """Call getaddrinfo; what it can't even look up is not found, or Twisted would wait for ever."""
    try:
        return socket.getaddrinfo(*args)
    except socket.gaierror:
        raise
    except (OSError, ValueError) as error:  # a label of 64 letters is a UnicodeError
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from None


@contextmanager
def guarded(allow_private: bool) -> Iterator[None]:
    """Have names of private addresses not found in this process, unless they are allowed."""
    Resolver.guards = not allow_private
    try:
        yield
    finally:
        Resolver.guards = False


def check_refused(host: str) -> None:
    """Raise PrivateAddress for a host that was looked up in vain because of its private address."""
    if Resolver.guards and (address := _REFUSED.get(_plain(host))):
        raise PrivateAddress(f"{host} is at {address}")


def _plain(host: str) -> str:
    """Return a host's name in ASCII: Twisted looks names up as they read, URLs have them in punycode."""
    try:
        return host.lower().encode("idna").decode()
    except UnicodeError:
        return host.lower()


def is_private(address: str) -> bool:
    """Return whether an IP address is one that only this machine or network knows. Raise ValueError for a name."""
    return any(not _is_public(one) for one in _meanings(ipaddress.ip_address(address.partition("%")[0])))


def _is_public(address: Address) -> bool:
    local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not (address.is_multicast or address.is_reserved or local)


def _meanings(address: Address) -> list[Address]:
    """Return what an address stands for: itself, or the IPv4 addresses that are written into it."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 0xFFFF):
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    if address.sixtofour:
        return [address.sixtofour]
    return [*address.teredo] if address.teredo else [address]


def check_host(host: str) -> None:
    """Raise PrivateAddress for a host written as a private address, however: 127.0.0.1, 0x7f.1, 2130706433, ::1."""
    plain = unicodedata.normalize("NFKC", host).rstrip(".")
    try:
        private = is_private(plain)
    except ValueError:
        try:
            private = is_private(socket.inet_ntoa(socket.inet_aton(plain)))
        except (OSError, ValueError):
            return  # a name: the resolver will see
    if private:
        raise PrivateAddress(host)


def check_start(url: str) -> None:
    """Raise QacrawlError for a start URL whose host is at a private address."""
    host = urlsplit(url).hostname or ""
    try:
        addresses = {str(info[4][0]) for info in _look_up(host, None)}
    except OSError:
        return  # that there is no such host is for the crawl to find
    if any(map(is_private, addresses)):
        raise QacrawlError(f"{host} is at a private address; --allow-private admits it", Exit.USAGE)

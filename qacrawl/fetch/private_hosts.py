"""Which hosts are asked at all: none at a private address, unless the user admits them."""

import ipaddress
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred

from qacrawl.errors import Exit, QacrawlError
from qacrawl.fetch.outcomes import PrivateAddress


class Resolver(CachingThreadedResolver):
    """Scrapy's resolver, which finds no private addresses while a run that may not see them is open."""

    guards = False
    """Of the class, since a process has one resolver, which knows neither the crawler nor the run."""

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> "Deferred[str]":
        """Return the address of a host, as Twisted asks for it."""
        return super().getHostByName(name, timeout).addCallback(self._check, name)

    def _check(self, address: str, name: str) -> str:
        if self.guards and is_private(address):
            raise PrivateAddress(f"{name} is at {address}")
        return address


@contextmanager
def guarded(allow_private: bool) -> Iterator[None]:
    """Have names of private addresses not found in this process, unless they are allowed."""
    Resolver.guards = not allow_private
    try:
        yield
    finally:
        Resolver.guards = False


def is_private(address: str) -> bool:
    """Return whether an IP address is one that only this machine or network knows."""
    return not ipaddress.ip_address(address.partition("%")[0]).is_global


def check_host(host: str) -> None:
    """Raise PrivateAddress for a host written as a private address."""
    try:
        private = is_private(host)
    except ValueError:
        return  # a name: the resolver will see
    if private:
        raise PrivateAddress(host)


def check_start(url: str) -> None:
    """Raise QacrawlError for a start URL whose host is at a private address."""
    host = urlsplit(url).hostname or ""
    try:
        addresses = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except OSError:
        return  # that there is no such host is for the crawl to find
    if any(map(is_private, addresses)):
        raise QacrawlError(f"{host} is at a private address; --allow-private admits it", Exit.USAGE)

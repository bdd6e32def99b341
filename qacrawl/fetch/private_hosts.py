"""Which hosts are asked at all: none at a private address, unless the user admits them."""

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred

from qacrawl.errors import Exit, QacrawlError
from qacrawl.fetch import run, scrapy_settings
from qacrawl.fetch.outcomes import PrivateAddress


class Resolver(CachingThreadedResolver):
    """Scrapy's resolver, which finds no private addresses unless it may."""

    allow = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> "Resolver":
        """Made by Scrapy."""
        resolver = super().from_crawler(crawler, reactor)
        with scrapy_settings.one_line():
            resolver.allow = scrapy_settings.read(crawler.settings).allow_private  # made before there is a run
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> "Deferred[str]":
        """The address of a host, as Twisted asks for it."""
        return super().getHostByName(name, timeout).addCallback(self._check, name)

    def _check(self, address: str, name: str) -> str:
        if not self.allow and is_private(address):
            raise PrivateAddress(f"{name} is at {address}")
        return address


def is_private(address: str) -> bool:
    """Whether an IP address is one that only this machine or network knows."""
    return not ipaddress.ip_address(address.partition("%")[0]).is_global


def check_host(host: str, crawler: Crawler) -> None:
    """Raise PrivateAddress for a host written as a private address."""
    try:
        private = is_private(host)
    except ValueError:
        return  # a name: the resolver will see
    if private and not run.of(crawler).options.allow_private:
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

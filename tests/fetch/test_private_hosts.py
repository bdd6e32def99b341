"""Hosts are found by IPv4 and IPv6; those at private addresses are not asked, however they are written."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support import crawling, faults

from qacrawl.errors import QacrawlError
from qacrawl.fetch.outcomes import PrivateAddress
from qacrawl.fetch.private_hosts import check_host, check_start, is_private

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "fec0::1",
    "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::192.168.0.1", "2002:7f00:1::", "2002:c0a8:1::1", "::127.0.0.1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]
WRITTEN = [
    *PRIVATE, "2130706433", "0x7f000001", "0X7F.0.0.1", "017700000001", "0177.0.0.1", "127.1", "0", "127.0.0.1.",
    "１２７.0.0.1", "3232235521", "0xA9FEA9FE",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_only_a_network_knows_are_private(address: str):
    assert is_private(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_not(address: str):
    assert not is_private(address)


@pytest.mark.parametrize("host", WRITTEN)
def test_a_private_address_is_one_however_it_is_written(host: str):
    with pytest.raises(PrivateAddress):
        check_host(host)


@pytest.mark.parametrize("host", [*PUBLIC, "134744072", "doctorqna.com", "1.example", "0x7f.example", "", "a" * 300])
def test_other_hosts_are_for_the_resolver(host: str):
    check_host(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "localhost"])
def test_a_start_page_at_a_private_address_is_refused(host: str):
    with pytest.raises(QacrawlError, match="--allow-private"):
        check_start(f"http://{host}/en")


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example", "nowhere.invalid"])
def test_a_start_page_that_nobody_finds_is_for_the_crawl(host: str):
    check_start(f"http://{host}/en")


class Page(BaseHTTPRequestHandler):
    """A home page and an article."""

    def do_GET(self) -> None:
        pages = {"/en": faults.listing("Home", ["/en/article/1"]), "/en/article/1": faults.article(1)}
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        body = pages.get(self.path, b"")
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on stderr."""


class Server(ThreadingHTTPServer):
    """A server that notes what it was asked for."""

    def __init__(self, address: str, port: int = 0) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.asked: list[str] = []
        super().__init__((address, port), Page)


@contextmanager
def serving(address: str) -> Iterator[Server]:
    try:
        server = Server(address)
    except OSError:
        pytest.skip(f"this machine has no {address}")
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


PROGRAM = """
import socket, sys
import qacrawl.fetch.private_hosts as hosts
names = {names!r}
looked_up = socket.getaddrinfo
def told(host, port, *more, **named):
    found = names.get(host)
    if found is None:
        return looked_up(host, port, *more, **named)
    return [found for address in found for found in looked_up(address, port, *more, **named)]
socket.getaddrinfo = told
if {public!r}:
    private = hosts.is_private
    hosts.is_private = lambda address: address not in {public!r} and private(address)
from qacrawl.cli import main
main()
"""


def crawl(
    url: str, output: Path, names: dict[str, list[str]], *options: str, public: tuple[str, ...] = ()
) -> tuple[int, str]:
    """The exit code and the text of a crawl where names are at these addresses, some of which pass for public."""
    program = PROGRAM.format(names=names, public=public)
    command = ["crawl", "doctorqna", "--start-url", url, "--output", str(output), "--delay", "0", *options]
    more = ["--set", "QACRAWL_RETRY_PAUSE=0.05", "--set", "DOWNLOAD_TIMEOUT=10"]
    done = subprocess.run([sys.executable, "-c", program, *command, *more], capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("at", "addresses"),
    [
        ("::1", ["::1"]),
        ("127.0.0.1", ["127.0.0.1"]),
        ("127.0.0.1", ["::1", "127.0.0.1"]),
        ("::1", ["127.0.0.1", "::1"]),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else f"served at {value}",
)
def test_a_host_is_fetched_by_whichever_address_answers(tmp_path: Path, at: str, addresses: list[str]):
    with serving(at) as server:
        url = f"http://site.example:{server.server_address[1]}/en"
        code, said = crawl(url, tmp_path, {"site.example": addresses}, "--allow-private")
        assert code == 0, said
    assert len(crawling.records(tmp_path)) == 1


@pytest.mark.slow
def test_an_address_of_version_six_may_stand_in_the_url(tmp_path: Path):
    with serving("::1") as server:
        url = f"http://[::1]:{server.server_address[1]}/en"
        assert crawl(url, tmp_path, {}, "--allow-private")[0] == 0
        assert crawl(url, tmp_path / "no", {})[0] == 2
    assert len(crawling.records(tmp_path)) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "addresses", [["::1"], ["127.0.0.1"], ["::ffff:127.0.0.1"], ["93.184.216.34", "::1"], ["::1", "93.184.216.34"]]
)
def test_a_start_page_whose_name_leads_to_a_private_address_is_refused(tmp_path: Path, addresses: list[str]):
    code, said = crawl("http://site.example/en", tmp_path, {"site.example": addresses})
    assert (code, said.count("\n")) == (2, 1)
    assert "--allow-private" in said


@pytest.mark.slow
@pytest.mark.parametrize("addresses", [["::1"], ["127.0.0.1"], ["::1", "127.0.0.2"], ["127.0.0.2", "::ffff:127.0.0.1"]])
def test_a_name_that_turns_out_to_be_private_is_not_asked(tmp_path: Path, addresses: list[str]):
    """robots.txt leads to another host, which is looked up only then."""
    with serving("127.0.0.1") as server, serving("::1") as six:
        port = server.server_address[1]
        names = {"site.example": ["127.0.0.2"], "inner.example": addresses}
        with moved(f"http://inner.example:{port}/robots.txt") as public:
            url = f"http://site.example:{public.server_address[1]}/en"
            code, said = crawl(url, tmp_path, names, public=("127.0.0.2",))
        assert code == 1
        assert "private_address" in said
        assert not server.asked
        assert not six.asked


@contextmanager
def moved(to: str) -> Iterator[ThreadingHTTPServer]:
    """A server at 127.0.0.2 that sends all who ask elsewhere."""

    class Moved(Page):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", to)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.2", 0), Moved) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

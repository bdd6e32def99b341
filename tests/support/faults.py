"""A small Q&A site on loopback that misbehaves as told: real sockets, a thread a connection, a log of every request.

    with FaultSite(articles=20) as site:
        site["/en/article/3"] = sequence(error(503), site.article(3))
        site.robots = Reply(b"User-agent: *\\nCrawl-delay: 0.3\\n")
        crawl(site.start)                       # http://127.0.0.1:PORT/en
        assert [visit.status for visit in site.visits("/en/article/3")] == [503, 200]

As it stands it is in order: `/en` leads to the listings `/en/faq/general-test/{page}`, those to the articles
`/en/article/1` to `articles`, which have ETags; everything else is 404, robots.txt too, until `robots` is set.
What `site[path]` is set to replaces the page there (path with query, else path alone); a `Reply`, or a function
of the `Visit` that returns one. An error inside the server is raised when the `with` block ends.
"""

import gzip
import html
import socket
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from types import TracebackType
from urllib.parse import urlsplit

HTML = "text/html; charset=utf-8"
PER_LISTING = 10  # articles a listing page


@dataclass(frozen=True)
class Reply:
    """What the server sends, and how badly."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = HTML
    wait: float = 0.0
    """Seconds before the status line."""
    pieces: int = 1
    pause: float = 0.0
    """Seconds between the pieces of the body."""
    announce: int | None = None
    """A Content-Length that is not the body's; the connection is closed after the body."""
    reset: bool = False
    """The connection is reset (RST) after the body, or in place of any answer if `status` is 0."""


@dataclass
class Visit:
    """One request, and what was sent."""

    path: str
    """With the query."""
    headers: Mapping[str, str]
    """Names in lower case."""
    count: int
    """0 for the first request for this path."""
    started: float
    """time.monotonic() when the request had been read."""
    ended: float | None = None
    """time.monotonic() just before the last bytes of the reply were written: what a client does next is later."""
    status: int = 0
    sent: int = 0
    """Bytes of the body that were written."""


Answer = Reply | Callable[[Visit], Reply]


# Replies -------------------------------------------------------------------------------------------------------------


def error(status: int, body: bytes = b"<p>Sorry.</p>", **headers: str) -> Reply:
    """A reply with an HTTP status; `Retry_After="1"` becomes the header Retry-After."""
    return Reply(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


def retry_after(seconds: float, status: int = 429, *, as_date: bool = False) -> Answer:
    """429 (or `status`) with Retry-After, in seconds or as an HTTP-date."""

    def answer(_: Visit) -> Reply:
        at = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
        return error(status, Retry_After=at if as_date else f"{seconds:g}")

    return answer


def sequence(*answers: Answer) -> Answer:
    """The first answer to the first visit, and so on; the last one to all later visits."""
    return lambda visit: resolve(answers[min(visit.count, len(answers) - 1)], visit)


def redirect(to: str, status: int = 302) -> Reply:
    """A redirect to a path of this site, or to an absolute URL; to its own path it is a loop."""
    return error(status, b"", Location=to)


def cut(body: bytes, missing: int = 1000) -> Reply:
    """A body whose last `missing` bytes never come, though Content-Length counts them."""
    return Reply(body, announce=len(body) + missing)


def reset(body: bytes = b"") -> Reply:
    """The connection is reset, after `body` if there is one."""
    return Reply(body, 200 if body else 0, announce=len(body) + 1000, reset=True)


def slow(body: bytes, seconds: float, pieces: int = 10) -> Reply:
    """A body that comes in pieces over `seconds`."""
    return Reply(body, pieces=pieces, pause=seconds / pieces)


def late(body: bytes, seconds: float) -> Reply:
    """A reply that starts after `seconds`."""
    return Reply(body, wait=seconds)


def gzip_bomb(size: int) -> Reply:
    """A body that unpacks to `size` bytes, from a thousandth of that."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    packed = b"".join(packer.compress(block[: min(len(block), size - at)]) for at in range(0, size, len(block)))
    return Reply(packed + packer.flush(), headers={"Content-Encoding": "gzip"})


def gzipped(body: bytes) -> Reply:
    """A body with Content-Encoding gzip."""
    return Reply(gzip.compress(body, mtime=0), headers={"Content-Encoding": "gzip"})


def huge_header(body: bytes, size: int = 1 << 20) -> Reply:
    """A reply with one header of `size` bytes."""
    return Reply(body, headers={"X-Huge": "x" * size})


def conditional(body: bytes, *, modified: datetime | None = None, etag: bool = True) -> Answer:
    """A page with ETag and/or Last-Modified, and 304 for those who have it."""
    headers = {"ETag": f'"{sha256(body).hexdigest()[:16]}"'} if etag else {}
    if modified:
        headers["Last-Modified"] = format_datetime(modified.astimezone(UTC), usegmt=True)

    def answer(visit: Visit) -> Reply:
        known = visit.headers.get("if-none-match") == headers.get("ETag", "")
        if "if-none-match" not in visit.headers:
            known = visit.headers.get("if-modified-since") == headers.get("Last-Modified", "")
        return Reply(status=304, headers=headers, content_type=None) if known else Reply(body, headers=headers)

    return answer


def changing(make: Callable[[int], bytes]) -> Answer:
    """A page that is another one at each visit: `make(0)`, `make(1)`, and so on."""
    return lambda visit: resolve(conditional(make(visit.count)), visit)


def resolve(answer: Answer, visit: Visit) -> Reply:
    """The reply that an answer gives to a visit."""
    return answer if isinstance(answer, Reply) else answer(visit)


# Pages ---------------------------------------------------------------------------------------------------------------


def article(number: int, version: int = 0, links: tuple[int, ...] = ()) -> bytes:
    """An article that says which it is, e.g. subject "Subject 3", question "Question 3, version 0."; see `facts`."""
    facts = article_facts(number, version)
    similar = "".join(
        f"<p>Title {to}</p><p>Question {to} ...</p><p>Dr. Doctor {to % 7} reply Dermatology</p><p>Reply ...</p>"
        f'<p><a href="/en/article/{to}">[Read More] Title {to}</a></p>'
        for to in links
    )
    return _page(
        f"{facts['title']} - {facts['specialty']}",
        f"<p>Share to:</p><h2>{facts['question_subject']}</h2><p>{facts['question']}</p>"
        f"<p>{facts['asker']}, 20~29 year old female. Ask Date: 2021/01/{number % 28 + 1:02}</p>"
        f"<p>Dr. {facts['doctor']} reply {facts['specialty']}</p><p>{facts['reply']}</p>"
        f"<p>Reply Date: 2021/02/{number % 28 + 1:02}</p>" + (f"<h2>Similar Q&amp;A</h2>{similar}" if links else ""),
    )


def article_facts(number: int, version: int = 0) -> dict[str, str]:
    """What `article(number, version)` says, under the names of the record's columns."""
    return {
        "title": f"Title {number}",
        "specialty": "Dermatology",
        "question_subject": f"Subject {number}",
        "question": f"Question {number}, version {version}.",
        "asker": f"Asker {number}",
        "doctor": f"Doctor {number % 7}",
        "reply": f"Reply {number}.",
    }


def listing(title: str, links: list[str]) -> bytes:
    """A page of links."""
    items = "".join(f'<h3><a href="{html.escape(to)}">Link to {html.escape(to)}</a></h3>' for to in links)
    return _page(title, items)


def calendar(visit: Visit) -> Reply:
    """A page of an endless calendar: each links to two more, as listings do, and to none that was seen before."""
    here = visit.path.rstrip("/")
    other = sha256(here.encode()).hexdigest()[:8]
    return Reply(listing("Calendar, General FAQ - Page 1", [f"{here}/next", f"/en/faq/day-{other}/1"]))


def _page(title: str, content: str) -> bytes:
    head = f'<!doctype html><html><head><meta charset="utf-8"><title>{title}</title></head>'
    return f"{head}<body><h1>{title}</h1>{content}</body></html>".encode()


# Server --------------------------------------------------------------------------------------------------------------


class FaultSite:
    """The site; `start` is its index page, `log` every request in order."""

    def __init__(self, articles: int = 20, host: str = "127.0.0.1") -> None:
        self.articles = articles
        self.robots: Answer = error(404)
        self.log: list[Visit] = []
        self.pages: dict[str, Answer] = {}
        self.prefixes: dict[str, Answer] = {}
        """Like `pages`, for every path that begins so."""
        self.errors: list[BaseException] = []
        self.closing = threading.Event()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = _Server((host, 0), _Exchange, self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def start(self) -> str:
        """The URL of the index page."""
        return self.url("/en")

    def url(self, path: str) -> str:
        """The absolute URL of a path."""
        return f"http://{self._server.server_address[0]!s}:{self.port}{path}"

    def __setitem__(self, path: str, answer: Answer) -> None:
        self.pages[path] = answer

    def __delitem__(self, path: str) -> None:
        del self.pages[path]

    def visits(self, path: str) -> list[Visit]:
        """The requests for a path, in order."""
        with self._lock:
            return [visit for visit in self.log if visit.path == path]

    def forget(self) -> None:
        """Empty the log; counts of visits start anew."""
        with self._lock:
            self.log.clear()
            self._counts.clear()

    def gaps(self) -> list[float]:
        """Seconds from the start of each request to the start of the next, robots.txt left out."""
        with self._lock:
            starts = [visit.started for visit in self.log if visit.path != "/robots.txt"]
        return [later - earlier for earlier, later in pairwise(starts)]

    def most_at_once(self) -> int:
        """The largest number of requests that were under way at the same time."""
        with self._lock:
            ends = [(visit.ended or time.monotonic(), -1) for visit in self.log]
            steps = sorted([*((visit.started, 1) for visit in self.log), *ends])
        now = most = 0
        for _, step in steps:
            now += step
            most = max(most, now)
        return most

    def article(self, number: int, version: int = 0) -> Answer:
        """The page of an article, with its ETag."""
        links = tuple(to for to in (number + 1, number + 7) if to <= self.articles)
        return conditional(article(number, version, links))

    def article_paths(self) -> list[str]:
        """The paths of all articles."""
        return [f"/en/article/{number}" for number in range(1, self.articles + 1)]

    def answer(self, visit: Visit) -> Reply:
        """The reply to a visit."""
        path = urlsplit(visit.path).path
        if path == "/robots.txt":
            return resolve(self.robots, visit)
        prefix = next((prefix for prefix in self.prefixes if visit.path.startswith(prefix)), None)
        chosen = self.pages.get(visit.path) or self.pages.get(path) or (prefix and self.prefixes[prefix])
        return resolve(chosen or self._own(path), visit)

    def _own(self, path: str) -> Answer:
        """The page that the site has at a path as long as nobody sets another."""
        pages = -(-self.articles // PER_LISTING)
        if path == "/en":
            return Reply(listing("Doctors answer", [f"/en/faq/general-test/{page}" for page in range(1, pages + 1)]))
        head, _, tail = path.rpartition("/")
        number = int(tail) if tail.isascii() and tail.isdigit() else 0
        if head == "/en/article" and 1 <= number <= self.articles:
            return self.article(number)
        if head == "/en/faq/general-test" and 1 <= number <= pages:
            paths = self.article_paths()[(number - 1) * PER_LISTING : number * PER_LISTING]
            return Reply(listing(f"Test, General FAQ - Page {number}", paths))
        return error(404)

    def record(self, path: str, headers: Mapping[str, str]) -> Visit:
        """Add a request to the log."""
        with self._lock:
            lower = {name.lower(): value for name, value in headers.items()}
            visit = Visit(path, lower, self._counts[path], time.monotonic())
            self._counts[path] += 1
            self.log.append(visit)
        return visit

    def __enter__(self) -> "FaultSite":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.end_connections()
        self._server.server_close()
        self._thread.join()
        if self.errors and error is None:
            raise self.errors[0]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type["_Exchange"], site: FaultSite) -> None:
        self.site = site
        self.open: set[socket.socket] = set()
        super().__init__(address, handler)

    def end_connections(self) -> None:
        """End kept-alive connections, whose threads wait for a next request."""
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # ended by itself

    def process_request(self, request: socket.socket, client_address: tuple[str, int]) -> None:  # type: ignore[override]
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep what is no client's leaving for the end of the test."""
        error = sys.exc_info()[1]
        if error and not isinstance(error, ConnectionError | TimeoutError):
            self.site.errors.append(error)


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each page would take 40 ms longer
    server: _Server

    def do_GET(self) -> None:
        site = self.server.site
        visit = site.record(self.path, dict(self.headers.items()))
        try:
            reply = site.answer(visit)
            visit.status = reply.status
            site.closing.wait(reply.wait)
            if reply.status:
                self._head(reply, visit)
                self._body(reply, visit)
            if reply.reset:
                self._reset()
        finally:
            visit.ended = visit.ended or time.monotonic()

    def _head(self, reply: Reply, visit: Visit) -> None:
        self.send_response(reply.status)
        if reply.content_type:
            self.send_header("Content-Type", reply.content_type)
        if reply.status != 304:
            self.send_header("Content-Length", str(len(reply.body) if reply.announce is None else reply.announce))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        visit.ended = None if reply.body else time.monotonic()
        self.end_headers()

    def _body(self, reply: Reply, visit: Visit) -> None:
        size = -(-len(reply.body) // reply.pieces) or 1
        for at in range(0, len(reply.body), size):
            if reply.pause and self.server.site.closing.wait(reply.pause):
                break
            if at + size >= len(reply.body):
                visit.ended = time.monotonic()
            self.wfile.write(reply.body[at : at + size])
            visit.sent += len(reply.body[at : at + size])
        self.close_connection = self.close_connection or reply.announce is not None

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.close_connection = True
        self.wfile.flush()
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on stderr: the log is `FaultSite.log`."""

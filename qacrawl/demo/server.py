"""Serves the demo site on loopback."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from qacrawl.demo.markup import Answer, page
from qacrawl.demo.site import pages


@contextmanager
def serve(make: Callable[[str], dict[str, Answer]] = pages, home: str = "/en") -> Iterator[str]:
    """Yield the URL of the home page of a site that is served, on a free port, for as long as the context lasts.

    `make` gives the answers by path, of the site at an address; `home` is the path of its home page.
    """
    with _Server(("127.0.0.1", 0), _Handler) as server:
        base = f"http://127.0.0.1:{server.server_port}"
        server.pages = make(base)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"{base}{home}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    pages: dict[str, Answer]
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each page would take 40 ms longer
    timeout = 5  # seconds without a request, after which a connection that is kept open ends

    def do_GET(self) -> None:
        """Send the page with its ETag; 304 to those who have it."""
        answer = self.server.pages.get(self.path) or page("Not found", "<p>No such page.</p>", 404)
        tag = f'"{sha256(answer.body).hexdigest()[:16]}"'
        known = answer.status == 200 and self.headers["If-None-Match"] == tag
        self.send_response(304 if known else answer.status)
        self.send_header("ETag", tag)
        if not known:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if not known:
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the crawl's report counts the requests."""

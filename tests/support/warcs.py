"""WARC files as other programs write them: bytes by hand, in the manner of each."""

import gzip
import zlib
from collections.abc import Sequence

DAY = "2024-03-01T12:00:00Z"


def article(number: int, question: str = "May I drink tea at night?", reply: str = "One cup is fine.") -> bytes:
    """A page with an article."""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Tea {number} - Neurology</title></head><body><h1>Tea {number} - Neurology</h1>"
        f"<p>Share to:</p><h2>Tea</h2><p>{question}</p>"
        f"<p>Rita Sample, 30~39 year old female. Ask Date: 2020/01/02</p><h2>Dr. Ivo Example reply Neurology</h2>"
        f"<p>{reply}</p><p>Reply Date: 2020/01/05</p></body></html>"
    ).encode()


def url(number: int, host: str = "doctorqna.com") -> str:
    return f"https://{host}/en/article/{number}"


def http(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None, version: str = "1.1") -> bytes:
    """A response; with `length` -1, without a Content-Length."""
    lines = [f"HTTP/{version} {status}", "Content-Type: text/html; charset=utf-8", *headers]
    if length != -1:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def record(
    block: bytes,
    target: str,
    *more: str,
    kind: str = "response",
    content: str = "application/http; msgtype=response",
    length: int | None = None,
    version: str = "1.0",
    end: bytes = b"\r\n\r\n",
    newline: str = "\r\n",
) -> bytes:
    """A record, with the Content-Length that it should have unless another `length` is given."""
    lines = [
        f"WARC/{version}",
        f"WARC-Type: {kind}",
        f"WARC-Target-URI: {target}",
        f"WARC-Date: {DAY}",
        "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>",
        f"Content-Type: {content}",
        *more,
        f"Content-Length: {len(block) if length is None else length}",
    ]
    return newline.join(lines).encode() + newline.encode() * 2 + block + end


def warcinfo(software: str) -> bytes:
    return record(
        f"software: {software}\r\nformat: WARC File Format 1.0\r\n".encode(),
        "",
        kind="warcinfo",
        content="application/warc-fields",
    ).replace(b"WARC-Target-URI: \r\n", b"")


def request(number: int) -> bytes:
    block = f"GET /en/article/{number} HTTP/1.1\r\nHost: doctorqna.com\r\n\r\n".encode()
    return record(block, url(number), kind="request", content="application/http; msgtype=request")


def chunked(body: bytes, size: int = 100, last: bytes = b"0\r\n\r\n") -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;x=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + last


def members(*records: bytes) -> bytes:
    """Each record a gzip member of its own."""
    return b"".join(map(gzip.compress, records))


def one_member(*records: bytes) -> bytes:
    """All records in one gzip member."""
    return gzip.compress(b"".join(records))


def plain(*records: bytes) -> bytes:
    return b"".join(records)


def in_manners(numbers: Sequence[int]) -> dict[str, bytes]:
    """A file of each manner with the articles `numbers`, by a name for it."""
    pages = [(number, article(number)) for number in numbers]
    by_wget = [
        warcinfo("Wget/1.21.3 (linux-gnu)"),
        *(
            one
            for number, body in pages
            for one in (
                request(number),
                record(http(chunked(body), "Transfer-Encoding: chunked", length=-1), f"<{url(number)}>"),
            )
        ),
        record(
            b"--warc-file=x\n",
            "<metadata://gnu.org/software/wget/warc/wget_arguments.txt>",
            kind="resource",
            content="text/plain",
        ),
    ]
    by_wpull = [
        warcinfo("Wpull/2.0.1 Python/3.7"),
        *(record(http(zlib.compress(body), "Content-Encoding: deflate"), url(number)) for number, body in pages),
    ]
    by_heritrix = [
        warcinfo("Heritrix/3.4.0 http://crawler.archive.org"),
        record(b"20240301120000\ndoctorqna.com. 300 IN A 192.0.2.1\n", "dns:doctorqna.com", content="text/dns"),
        *(record(http(body, "Connection: close", version="1.0"), url(number)) for number, body in pages),
        *(
            record(
                b"via: https://doctorqna.com/en\r\n", url(number), kind="metadata", content="application/warc-fields"
            )
            for number, _ in pages
        ),
    ]
    by_common_crawl = [
        warcinfo("Apache Nutch 1.19 (modified, https://github.com/commoncrawl/nutch/)"),
        *(
            one
            for number, body in pages
            for one in (
                request(number),
                record(
                    http(body, "X-Crawl-Content-Encoding: gzip", f"X-Crawl-Content-Length: {len(body) // 3}"),
                    url(number),
                    "WARC-Identified-Payload-Type: text/html",
                ),
                record(b"languages-cld2: {}\r\n", url(number), kind="metadata", content="application/warc-fields"),
            )
        ),
    ]
    by_browsertrix = [
        warcinfo("Browsertrix-Crawler 1.2.0 (with warcio.js 2.3.0)"),
        *(
            record(
                http(body, "Content-Encoding: br", "Transfer-Encoding: chunked", length=-1), url(number), version="1.1"
            )
            for number, body in pages
        ),
        record(b"\x89PNG\r\n", f"urn:view:{url(numbers[0])}", kind="resource", content="image/png", version="1.1"),
    ]
    by_hand = [record(body, url(number), kind="resource", content="text/html", newline="\n") for number, body in pages]
    return {
        "wget.warc.gz": members(*by_wget),
        "wpull.warc.gz": members(*by_wpull),
        "heritrix.warc.gz": members(*by_heritrix),
        "heritrix-plain.warc": plain(*by_heritrix),
        "cc.warc.gz": members(*by_common_crawl),
        "browsertrix.warc.gz": members(*by_browsertrix),
        "one-member.warc.gz": one_member(*by_wget),
        "two-in-each.warc.gz": b"".join(one_member(*by_heritrix[at : at + 2]) for at in range(0, len(by_heritrix), 2)),
        "resources.warc": plain(*by_hand),
        "padded.warc.gz": members(*by_wpull) + bytes(512),
    }

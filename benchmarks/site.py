"""Serves synthetic articles on loopback, fast enough that the crawler is what is measured.

python benchmarks/site.py [--articles N] [--wait SECONDS]     prints the site's address
"""

import argparse
import asyncio
from hashlib import sha256

import pages


def answers(number: int) -> dict[bytes, tuple[bytes, bytes]]:
    """For each path the whole response, and the one for those who have the page."""
    made = {}
    for at in range(1, number + 1):
        body = pages.page(at, 12_000)
        tag = b'ETag: "%s"\r\n' % sha256(body).hexdigest()[:16].encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n%sContent-Length: %d\r\n\r\n"
        full = head % (tag, len(body)) + body
        made[b"/en/article/%d" % at] = full, b"HTTP/1.1 304 Not Modified\r\n%s\r\n" % tag
    return made


MISSING = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


async def serve(number: int, wait: float) -> None:
    made = answers(number)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1]
                full, known = made.get(path, (MISSING, MISSING))
                if wait and full is not MISSING:
                    await asyncio.sleep(wait)
                writer.write(known if b"if-none-match:" in head.lower() else full)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/en", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--wait", type=float, default=0.0)
    options = parser.parse_args()
    asyncio.run(serve(options.articles, options.wait))

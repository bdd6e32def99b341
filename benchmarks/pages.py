"""Pages for the benchmarks: synthetic ones of a given size (navigation, scripts and an article), and saved ones."""

import gzip
import random
from pathlib import Path

WORDS = (
    "pain sleep knee stomach doctor week morning night medicine skin fever cough blood pressure test result head eye "
    "since often after before very little much left right walking eating sitting should could would please thank you"
).split()


def sentence(rng: random.Random) -> str:
    words = rng.choices(WORDS, k=rng.randint(8, 22))
    return " ".join(words).capitalize() + "."


def paragraph(rng: random.Random, sentences: int) -> str:
    return "<br>\n".join(sentence(rng) for _ in range(sentences))


def menu(links: int, rng: random.Random) -> str:
    """Items of a list of links, as menus have them."""
    return "\n".join(
        f'<li class="nav-item"><a class="nav-link px-2" href="/en/faq/neurology-{i}/1">{rng.choice(WORDS)} {i}</a></li>'
        for i in range(links)
    )


def page(number: int, size: int = 32_768, *, rich: bool = False) -> bytes:
    """An article of about `size` bytes as a site's template would give it.

    Half of it is a menu and a script; of a `rich` one two thirds are menus at all sides, and scripts here and there.
    """
    rng = random.Random(number)
    links = menu(60 if rich else 40, rng)
    similar = "\n".join(
        f'<div class="card mb-3"><h3>Title {i} of another question</h3><p>{sentence(rng)[:-1]} ...</p>'
        f"<p>Dr. Lin Da reply Neurology<br>{sentence(rng)[:-1]} ...</p>"
        f'<a href="/en/article/{number + i + 1}">[Read More] Title {i} of another question</a></div>'
        for i in range(4)
    )
    tags = "\n".join(
        f'<li><a href="/en/faq/neurology-tag-{i}/1">Tag {i}</a> <span>(Neurology)</span></li>' for i in range(10)
    )
    more = "\n".join(f"<p class='mb-2'>{paragraph(rng, 4)}</p>" for _ in range(14))
    script = "window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments)}\n"
    inline = f"<script>{script}</script>" if rich else ""
    side = f"<aside><h2>Most read</h2><ul>{menu(40, rng)}</ul></aside>{inline}" if rich else ""
    bottom = f"<ul>{menu(40, rng)}</ul>{inline}" if rich else ""
    body = f"""<header><nav class="navbar"><ul>{links}</ul></nav></header>
<main class="container"><article><h1>Title of question {number} - Neurology</h1><div class="share">Share to:</div>
{inline}<h2>Subject {number}</h2><div class="question"><p>{paragraph(rng, 8)}</p><p>{paragraph(rng, 4)}</p></div>
<div class="meta"><span>Asker {number}</span>, <span>20~29 year old female</span>.
<span>Ask Date: 2020/02/0{number % 9 + 1}</span></div>
<div class="doctor">Dr. Chen Mei reply Neurology</div><div class="reply"><p>{paragraph(rng, 9)}<br>
Dr.<br>Chen Mei, Harbor Hospital, cares about you.</p></div><div>Reply Date: 2020/02/20</div>
<section><h2>More Info</h2>{more}</section><section><h2>Similar Q&amp;A</h2>{similar}</section>
<section><h2>Related FAQ</h2><ul>{tags}</ul></section></article>{side}</main><footer>{bottom}<p>Footer</p></footer>"""
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    head += f"<title>Title of question {number} - Neurology</title>"
    fill = script * max(0, (size - len(body) - len(head) - 60) // len(script))
    return f"{head}<script>{fill}</script></head><body>{body}</body></html>".encode()


def saved(folder: Path) -> list[bytes]:
    """Return the saved pages in a folder, gzipped or not; exit with one line where there is none."""
    found = [path for path in sorted(folder.iterdir()) if path.name.endswith((".html", ".html.gz"))]
    if not found:
        raise SystemExit(f"{folder} has no *.html and no *.html.gz")
    return [gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in found]

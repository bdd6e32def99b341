"""The demo site: every address and what stands there. About 200 pages, the same at every start."""

from qacrawl.demo import markup
from qacrawl.demo.markup import Answer
from qacrawl.demo.styles import STYLES, Style
from qacrawl.demo.topics import Topic, topics
from qacrawl.demo.writing import slug, write
from qacrawl.records import Fields, RelatedFAQ, SimilarQA

FIRST = 1001
PER_TOPIC = 21
PER_LISTING = 10
UNLISTED = 2
"""So many articles of each topic are in no listing: the newest stands in the sitemap, the other is only linked to."""

NOTICES = {
    1901: ("Maintenance", "We are improving this page and will be back soon.", 200),
    1902: ("Sign in", "Please log in to read this article.", 200),
    1903: ("Not found", "There is no such article.", 404),
}
"""Articles that are linked to and are none: heading, text, HTTP status."""

MEMBERS = "/en/faq/members"
"""robots.txt forbids all that begins so; nothing else leads to the article 1999."""


def articles(base: str) -> dict[int, Fields]:
    """Return all articles of the site at `base` ("http://127.0.0.1:8000"), by number: what is to be read on each."""
    found = {number: write(number, topic) for topic, numbers in by_topic().items() for number in numbers}
    for topic, numbers in by_topic().items():
        for number in numbers:
            found[number]["related_faq"] = [_related(base, other) for other in _beside(topic)]
            found[number]["similar_qa"] = [
                _similar(base, other, found[other]) for other in _neighbours(number, numbers) if "reply" in found[other]
            ]
    return found


def style_of(number: int) -> Style:
    """Return the markup in which the site shows an article."""
    return list(STYLES.values())[number % len(STYLES)]


def pages(base: str) -> dict[str, Answer]:
    """Return every page of the site at `base`, by its path."""
    found = articles(base)
    made = {path(number): markup.article(fields, style_of(number)) for number, fields in found.items()}
    for number, (heading, text, status) in NOTICES.items():
        made[path(number)] = markup.page(heading, f"<p>{text}</p>", status)
    for topic, numbers in by_topic().items():
        made |= _listings(topic, [(path(number), found[number]) for number in numbers[:-UNLISTED]])
    made[path(1999)] = markup.article(found[FIRST], style_of(1999))
    made[f"{MEMBERS}-only/1"] = markup.listing("Members, All FAQ - Page 1", [(path(1999), found[FIRST])], [])
    made["/en"] = _home()
    made["/sitemap.xml"] = _sitemap([base + path(numbers[-1]) for numbers in by_topic().values()])
    robots = f"User-agent: *\nDisallow: {MEMBERS}\nSitemap: {base}/sitemap.xml\n"
    made["/robots.txt"] = Answer(robots.encode(), "text/plain")
    return made


def path(number: int) -> str:
    """Return the path of an article."""
    return f"/en/article/{number}"


def by_topic() -> dict[Topic, range]:
    """Return the numbers of each topic's articles."""
    firsts = range(FIRST, FIRST + PER_TOPIC * len(topics()), PER_TOPIC)
    return {topic: range(first, first + PER_TOPIC) for topic, first in zip(topics(), firsts, strict=True)}


def _listing_path(topic: Topic, page: int = 1) -> str:
    return f"/en/faq/{slug(topic.department)}-{slug(topic.tag)}/{page}"


def _home() -> Answer:
    listings = [(f"{topic.tag} ({topic.department})", _listing_path(topic)) for topic in topics()]
    notices = [(heading, path(number)) for number, (heading, _, _) in NOTICES.items()]
    return markup.page("DoctorQnA demo", markup.links([*listings, *notices, ("Members", f"{MEMBERS}-only/1")]))


def _listings(topic: Topic, entries: list[tuple[str, Fields]]) -> dict[str, Answer]:
    """Return the pages that list the articles of a topic, each with links to the ones before and after it."""
    chunks = [entries[at : at + PER_LISTING] for at in range(0, len(entries), PER_LISTING)]
    made = {}
    for page, chunk in enumerate(chunks, 1):
        turns = {"Previous page": page - 1, "Next page": page + 1}
        others = [(name, _listing_path(topic, to)) for name, to in turns.items() if 1 <= to <= len(chunks)]
        heading = f"{topic.tag}, {topic.department} FAQ - Page {page}"
        made[_listing_path(topic, page)] = markup.listing(heading, chunk, others)
    return made


def _sitemap(urls: list[str]) -> Answer:
    entries = "".join(f"<url><loc>{url}</loc></url>\n" for url in urls)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    return Answer(f"{head}\n{entries}</urlset>\n".encode(), "application/xml")


def _neighbours(number: int, numbers: range) -> list[int]:
    """Return the articles of the same topic that an article calls similar."""
    return [numbers[(number - numbers[0] + step) % len(numbers)] for step in (1, 5, 8)]


def _beside(topic: Topic) -> list[Topic]:
    """Return a topic and the two after it, the tags of its articles."""
    at = topics().index(topic)
    return [topics()[(at + step) % len(topics())] for step in range(3)]


def _similar(base: str, number: int, fields: Fields) -> SimilarQA:
    return SimilarQA(
        title=fields["title"],
        url=base + path(number),
        question_excerpt=markup.cut(fields["question"]),
        doctor=fields["doctor"],
        specialty=fields["reply_specialty"],
        reply_excerpt=markup.cut(fields["reply"]),
    )


def _related(base: str, topic: Topic) -> RelatedFAQ:
    return RelatedFAQ(name=topic.tag, specialty=topic.department, url=base + _listing_path(topic))

"""What holds of every site, built in or from a file: names, starts, and what its fixtures read as."""

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from scrapy import Request, Spider
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.test import get_crawler
from support.places import FIXTURES

from qacrawl import options, registry, sitefile, steps
from qacrawl.fetch import scrapy_settings
from qacrawl.records import Listing, Page, QARecord, records_of

FILES = {file.parent.name: file for file in FIXTURES.glob("*/site.toml")}
SITES = sorted([*registry.names(), *FILES])
CRAWLED = [slug for slug in SITES if slug != "qapage"]
"""Those that have start pages; the other one is for saved pages."""


@pytest.fixture(autouse=True)
def known() -> None:
    for slug, file in FILES.items():
        assert sitefile.find(str(file), "output") == slug


def cases(slug: str) -> list[Path]:
    return sorted(folder for folder in (FIXTURES / slug).iterdir() if folder.is_dir())


def page(folder: Path) -> Page:
    (body,) = (file.read_bytes() for file in folder.glob("page.*") if file.suffix in (".html", ".txt"))
    return Page(site=folder.parent.name, body=body, **json.loads((folder / "page.json").read_text(encoding="utf-8")))


def spider(slug: str) -> Spider:
    found: type[Spider] = get_spider_loader(scrapy_settings.make(slug, options.Options())).load(slug)
    return found.from_crawler(get_crawler(found))


def test_every_folder_of_fixtures_is_of_a_site_and_every_site_has_one():
    assert sorted(folder.name for folder in FIXTURES.iterdir() if folder.is_dir()) == SITES


@pytest.mark.parametrize("slug", SITES)
def test_a_site_says_what_it_is_and_spells_its_own_addresses(slug: str):
    about, parser = registry.load(slug), registry.load_parser(slug)
    assert about.TITLE
    assert about.LANG
    assert parser.VERSION >= 1
    for url in about.START:
        assert urlsplit(url).netloc in about.HOSTS
        assert about.kind(url) != "article"
    for folder in cases(slug):
        url = page(folder).url
        assert about.canonical(about.canonical(url)) == about.canonical(url), folder.name


@pytest.mark.parametrize("slug", CRAWLED)
def test_a_spider_has_the_name_of_its_site_and_starts_offline(slug: str):
    registry.check(slug)
    made = spider(slug)

    async def requests() -> list[Request]:
        return [one async for one in made.start() if isinstance(one, Request)]

    assert made.name == slug
    assert [request.url for request in asyncio.run(requests())] == list(registry.load(slug).START)


@pytest.mark.parametrize("slug", CRAWLED)
def test_a_listing_leads_to_known_addresses_of_the_site(slug: str):
    about = registry.load(slug)
    found = [(folder, steps.read(page(folder))) for folder in cases(slug)]
    listings = [(folder, answer) for folder, answer in found if isinstance(answer, Listing)]
    assert listings
    for folder, answer in listings:
        here = page(folder).url
        hosts = {*about.HOSTS, urlsplit(here).netloc}
        for url in answer.links:
            assert about.kind(url), (folder.name, url)
            assert about.canonical(url) == url
            assert urlsplit(url).netloc in hosts
    assert any(about.kind(url) == "article" for _, answer in listings for url in answer.links)


@pytest.mark.parametrize("slug", SITES)
def test_what_a_fixture_reads_as_is_a_record_whose_json_is_read_again(slug: str):
    records = 0
    for folder in cases(slug):
        for rank, record in enumerate(records_of(steps.read(page(folder)))):
            assert record.rank == rank
            assert record.site == slug
            assert QARecord.model_validate_json(record.model_dump_json()) == record
            records += 1
    assert records


def test_the_markup_reader_has_at_least_25_fixtures():
    assert len(cases("qapage")) >= 25

"""Finds the pages of doctorqna.com: from its home page, sitemaps and FAQ listings, and from what articles link to."""

from qacrawl.fetch.spider import SiteSpider


class DoctorqnaSpider(SiteSpider):
    """Begins at the home page, or with `--numbers` at those articles."""

    name = "doctorqna"

"""Scrapy's settings where ours differ from its defaults (in brackets), each with its reason; then our own.

`qacrawl crawl` sets our own from its options; `scrapy crawl SITE -s QACRAWL_OUTPUT=...` does the same.
"""

from importlib.metadata import version

BOT_NAME = "qacrawl"
SPIDER_MODULES = ["qacrawl.sites"]

# Politeness. (Anonymous, and robots.txt ignored.)
USER_AGENT = f"qacrawl/{version('qacrawl')} (research crawler; obeys robots.txt; no contact address was set)"
"""`--contact` puts in an address; please give one."""
ROBOTSTXT_OBEY = False  # Scrapy's takes a 5xx for a yes and ignores Crawl-delay; `robots.py` obeys RFC 9309
DOWNLOAD_DELAY = 0.0  # the gate in `politeness.py` paces requests, across workers and restarts (QACRAWL_DELAY)
CONCURRENT_REQUESTS = 16  # (16) all hosts together; those that wait at the gate count
CONCURRENT_REQUESTS_PER_DOMAIN = 16  # (8) likewise; QACRAWL_CONCURRENCY is what a host sees
CONCURRENT_ITEMS = 1  # (100) a page is one item, and Scrapy starts so many tasks a page
DOWNLOAD_TIMEOUT = 60  # (180) seconds

# Safety.
DOWNLOAD_VERIFY_CERTIFICATES = True  # (False)
DOWNLOAD_MAXSIZE = 16 << 20  # (1 GiB) also after decompression
DOWNLOAD_WARNSIZE = 0  # (32 MiB)
TELNETCONSOLE_ENABLED = False  # (True) it runs code for anybody on this machine
REMOTE_CONTROL_ENABLED = False  # (True) likewise
DOWNLOAD_HANDLERS = {
    "http": "qacrawl.fetch.downloader.Handler",
    "https": "qacrawl.fetch.downloader.Handler",
    "file": None,  # a page must not name files of this machine
    "data": None,
    "ftp": None,
    "s3": None,
}
TWISTED_DNS_RESOLVER = "qacrawl.fetch.private_hosts.Resolver"  # refuses private addresses
COOKIES_ENABLED = False  # (True) a crawl has no sessions
REFERER_ENABLED = False  # (True) nobody needs to know
HTTPCACHE_ENABLED = False
COMPRESSION_ENABLED = True

# Each response, whatever its status, comes back to the scheduler, which decides: so every URL gets its outcome.
REDIRECT_ENABLED = False  # (True) a redirect's target is a URL of its own in the frontier
METAREFRESH_ENABLED = False  # (True) likewise
RETRY_ENABLED = False  # (True) the frontier retries, also in later runs
SCHEDULER = "qacrawl.fetch.scheduler.FrontierScheduler"
DEPTH_STATS_VERBOSE = False
# Each middleware that has nothing to do here would still take its 2 % of the time.
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware": None,  # start requests are rows of the frontier
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,  # so are all others: it would see none
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,  # the frontier counts hops
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,  # canonical URLs are short
    "scrapy.spidermiddlewares.referer.RefererMiddleware": None,
}
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # the scheduler knows the hosts, with their ports
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,  # a crawl logs in nowhere
    "qacrawl.fetch.archive_middleware.ReplayMiddleware": 90,  # before robots.txt, which it does not need
    "qacrawl.fetch.robots.RobotsMiddleware": 100,
    # Below decompression (590): the archive has the bytes as they came.
    "qacrawl.fetch.archive_middleware.ArchiveMiddleware": 800,
}
ITEM_PIPELINES = {
    "qacrawl.fetch.pipelines.ReadPipeline": 300,
}
EXTENSIONS = {
    "qacrawl.fetch.extension.RunExtension": 0,
    "scrapy.extensions.logstats.LogStats": None,  # the progress line and the report say more
    "scrapy.extensions.memusage.MemoryUsage": None,
}
LOG_LEVEL = "WARNING"  # (DEBUG) prints every item
STATS_CLASS = "scrapy.statscollectors.DummyStatsCollector"  # (MemoryStatsCollector) the run report has the counts
DOWNLOADER_STATS = False  # (True) likewise

# Our own, with their defaults.
QACRAWL_OUTPUT = "output"
QACRAWL_FRONTIER: str | None = None
"""sqlite:///path or postgresql://...; None is a SQLite file in the site's folder, or the variable QACRAWL_FRONTIER."""
QACRAWL_CONTACT: str | None = None
"""Your address, for the user agent; or the variable QACRAWL_CONTACT."""
QACRAWL_START_URLS: list[str] = []
QACRAWL_NUMBERS: tuple[int, int] | str | None = None
QACRAWL_DELAY = 1.0
"""Seconds between the starts of two requests to a host; robots.txt may ask for more."""
QACRAWL_CONCURRENCY = 1
"""Requests to a host at once."""
QACRAWL_MAX_PAGES = 0
"""Visits after which a run ends; 0 is no limit."""
QACRAWL_MAX_SECONDS = 0
QACRAWL_FULL = False
QACRAWL_WORKER = False
QACRAWL_ALLOW_PRIVATE = False
QACRAWL_TRIES = 3
"""Requests for a URL in one run, before it counts as failed."""
QACRAWL_RETRY_PAUSE = 2.0
"""Seconds before the second try; twice as many before the third."""
QACRAWL_LONGEST_WAIT = 900.0
"""Seconds; a host that asks for more ends the run, the next one goes on."""
QACRAWL_GATE_REJECTS = 0.10
"""Share of the articles read that may be rejects; beyond that a snapshot is held back (exit code 3)."""
QACRAWL_GATE_COVERAGE = 0.20
"""By which the coverage of any field may fall from one snapshot to the next."""
QACRAWL_GATE_GONE = 0.05
"""Share of the records that may be gone at once."""
QACRAWL_LEASE = 60.0
"""Seconds that a worker may be silent before others take its URLs."""
QACRAWL_PART_RECORDS = 1000
"""Pages after which a batch is committed..."""
QACRAWL_PART_SECONDS = 30.0
"""...or seconds, whichever is first: what a crash makes a run read again from the archive."""

"""Scrapy's settings where ours differ from its defaults (in brackets), each with its reason.

Our own are in `options.py`. `scrapy crawl SITE -s QACRAWL_OUTPUT=...` takes them as `qacrawl crawl` does.
"""

from qacrawl.options import user_agent
from qacrawl.records import LARGEST

BOT_NAME = "qacrawl"
SPIDER_MODULES = ["qacrawl.sites"]
SPIDER_LOADER_CLASS = "qacrawl.fetch.loader.Loader"  # (its own) finds sites that have a file, too

# Politeness. (Anonymous.) Scrapy's ROBOTSTXT_OBEY takes a 5xx for a yes and ignores Crawl-delay: `robots.py` obeys
# RFC 9309. Its DOWNLOAD_DELAY ends with the process: `throttle.py` paces requests across workers and restarts.
USER_AGENT = user_agent(None)  # `--contact` puts in an address; please give one
CONCURRENT_REQUESTS_PER_DOMAIN = 16  # (8) those that wait at the gate count; QACRAWL_CONCURRENCY is what a host sees
CONCURRENT_ITEMS = 1  # (100) a page is one item, and Scrapy starts so many tasks a page
DOWNLOAD_TIMEOUT = 60  # (180) seconds

# Safety.
DOWNLOAD_VERIFY_CERTIFICATES = True  # (False)
DOWNLOAD_MAXSIZE = LARGEST  # (1 GiB) also after decompression
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

# Each response, whatever its status, comes back to the scheduler, which decides: so every URL gets its outcome.
REDIRECT_ENABLED = False  # (True) a redirect's target is a URL of its own in the frontier
METAREFRESH_ENABLED = False  # (True) likewise
RETRY_ENABLED = False  # (True) the frontier retries, also in later runs
SCHEDULER = "qacrawl.fetch.scheduler.FrontierScheduler"
# Each middleware that has nothing to do here would still take its 2 % of the time.
SPIDER_MIDDLEWARES = {
    "scrapy.spidermiddlewares.start.StartSpiderMiddleware": None,  # start requests are rows of the frontier
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,  # so are all others: it would see none
    "scrapy.spidermiddlewares.depth.DepthMiddleware": None,  # the frontier counts hops
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,  # canonical URLs are short
}
DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,  # the scheduler knows the hosts, with their ports
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,  # a crawl logs in nowhere
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,  # (590) see ours
    "qacrawl.fetch.archive_middleware.ReplayMiddleware": 90,  # before robots.txt, which it does not need
    "qacrawl.fetch.robots.RobotsMiddleware": 100,
    "qacrawl.fetch.decode_middleware.DecodeMiddleware": 590,
    # Below decompression (590): the archive has the bytes as they came.
    "qacrawl.fetch.archive_middleware.ArchiveMiddleware": 800,
}
ITEM_PIPELINES = {
    "qacrawl.fetch.pipelines.ParsePipeline": 300,  # PARSE, VALIDATE, REDACT
    "qacrawl.fetch.pipelines.StorePipeline": 600,  # STORE; behind it there are only records
}
FEED_EXPORTERS = {"csv": "qacrawl.fetch.feeds.CsvExporter"}
EXTENSIONS = {
    "qacrawl.fetch.extension.RunExtension": 0,
    "scrapy.extensions.logstats.LogStats": None,  # the progress line and the report say more
    "scrapy.extensions.memusage.MemoryUsage": None,
}
LOG_LEVEL = "WARNING"  # (DEBUG) prints every item

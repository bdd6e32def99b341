"""What our crawl is measured against: a Scrapy spider that fetches the same pages and does nothing with them."""

import sys
from collections.abc import AsyncIterator

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response


class Bare(Spider):
    name = "bare"

    async def start(self) -> AsyncIterator[Request]:
        for number in range(1, self.settings.getint("ARTICLES") + 1):
            yield Request(f"{self.settings['START']}/article/{number}")

    def parse(self, response: Response) -> None:
        return None


if __name__ == "__main__":
    start, articles, concurrency = sys.argv[1:]
    at_once = {"CONCURRENT_REQUESTS": concurrency, "CONCURRENT_REQUESTS_PER_DOMAIN": concurrency}
    quiet = {"LOG_LEVEL": "WARNING", "TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False}
    process = AsyncCrawlerProcess({"START": start, "ARTICLES": articles, **at_once, **quiet})
    crawler = process.create_crawler(Bare)
    process.crawl(crawler)
    process.start()
    stats = crawler.stats.get_stats()
    assert stats["response_received_count"] == int(articles), stats
    print(stats["elapsed_time_seconds"])

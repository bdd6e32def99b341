"""FETCH: all that runs inside Scrapy."""

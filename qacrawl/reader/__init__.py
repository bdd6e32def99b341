"""PARSE to REDACT in a process that is watched: a page costs itself at most, never the run.

`series` reads pages one after the other, `client` beside a crawl. Both start the program `__main__`, which imports
neither Scrapy nor DuckDB.
"""

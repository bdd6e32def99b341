"""`qacrawl demo`: an invented Q&A site on loopback, to see a crawl from the first request to the dataset."""

"""What a site says of its pages: what may be fetched (robots.txt), and what the pages may be used for (signals)."""

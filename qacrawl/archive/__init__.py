"""ARCHIVE: every response as a WARC 1.1 record, before anyone reads it."""

"""The archive read again: any WARC file to rows, staged a file at a time, compared before they count."""

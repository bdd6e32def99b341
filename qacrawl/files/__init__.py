"""Files that appear whole or not at all, on disk and in a bucket."""

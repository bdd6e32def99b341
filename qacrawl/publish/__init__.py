"""PUBLISH: the newest version of each record as a snapshot: data, checksums, card, and what is read from them."""

"""What a page says in schema.org markup, JSON-LD or microdata: bytes of any site to items, and those to threads."""

"""Pages taken out on request: of frontier, parts, archive and snapshots."""

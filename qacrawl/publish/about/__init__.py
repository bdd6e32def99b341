"""What describes a snapshot: counts, card, Croissant, report."""

"""Two sites side by side: a translation's records with those of the original, a dataset of its own."""

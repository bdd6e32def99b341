"""One spider a site: which pages exist. It yields pages, unread, and links; what is due when is the frontier's."""

"""Any page that says in schema.org markup what is question, answer, author and date: Q&A sites, forums, FAQ pages."""

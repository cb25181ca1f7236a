"""Papers on the page: browsed, kept in collections, marked, summed up."""

"""Parts of a paper's page."""

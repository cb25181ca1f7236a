"""Questions go out: planning, retrieval, reading, answering with verified citations, code that runs."""

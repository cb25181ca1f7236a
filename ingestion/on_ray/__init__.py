"""The pipeline of `ingestion.pipeline` spread over a Ray cluster; nothing else imports Ray, and this only when asked.

Ray's workers read, clean, compare with the library, extract keywords and embed. What they made comes back in
the order of the files to the one process that asked, which counts and writes it as every ingest does.
"""

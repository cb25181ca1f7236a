"""Where papers come from: metadata files, arXiv's API and PDFs, the starter library.

`read_papers` (metadata_files), `ArxivApi` (arxiv_api), `fetch_pdf` (arxiv_pdf), `starter_papers` (starter).
They are imported from their modules, so that reading a file does not load arXiv's client.
"""

"""Where papers come from: metadata files, arXiv's API and PDFs, the starter library."""

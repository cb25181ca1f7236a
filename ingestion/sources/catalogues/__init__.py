"""Catalogues of papers beside arXiv's own search, each behind the same few calls.

`open_catalogue` (catalogue) gives one by its name: arXiv's OAI-PMH, OpenReview, the ACL Anthology, Semantic
Scholar, OpenAlex. They are imported from their modules, so that the face loads nothing.
"""

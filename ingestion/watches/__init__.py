"""Topics that a reader watches: what is new on arXiv, ranked and told once.

`WatchBook` (book) remembers, `run_watches` (running) asks and tells, `digest` (digest) writes Markdown and RSS.
They are imported from their modules, so that the face loads nothing.
"""

"""Programs from papers: written, run, checked, reviewed."""

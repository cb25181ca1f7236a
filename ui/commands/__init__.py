"""The commands of `arxiv-agent`, by what they are about."""

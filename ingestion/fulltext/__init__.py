"""The text of a paper, read from an untrusted file: sentences, passages, page images."""

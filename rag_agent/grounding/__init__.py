"""Answers that stand on quotes: the sentences to read, what is written from them, what its check leaves."""

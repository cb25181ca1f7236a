"""Isolated runs of programs that nobody trusts."""

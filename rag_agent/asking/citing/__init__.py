"""Steps that use who cites whom: a reference is followed, a mark in a quote is named."""

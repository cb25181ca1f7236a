"""From a question to an answer: what is decided, which steps follow one another, within which budgets."""

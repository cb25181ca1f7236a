"""Every prompt, each of which settings can override by name."""

"""Who may ask a server, under which names, and how often."""

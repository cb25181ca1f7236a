"""Long jobs over HTTP: their line, their routes, and what they came to as files."""

"""What speaks for a program and what against it: an example run, values compared, requirements, arguments unused."""

"""Data that runs: tasks from seeds, solved by the model itself, kept where tests pass."""

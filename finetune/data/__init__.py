"""From files of instructions to batches of rendered rows."""

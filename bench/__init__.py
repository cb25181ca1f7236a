"""Measurements: slow, with weights, and beside what people would use instead. Nothing imports it."""

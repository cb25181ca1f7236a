"""This computer: private folders, helper processes on loopback, weights by name."""

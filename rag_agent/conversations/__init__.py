"""What is remembered between questions, and how it leaves the program."""

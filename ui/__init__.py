"""The command line and the web page. Both render the same events and hold no logic of their own."""

"""The program for other programs: an MCP server, and an HTTP API with OpenAI's chat protocol."""

"""Language models behind the OpenAI protocol: the client, the embedded server, a scripted double."""

"""The library of papers in Milvus, and the process that owns Milvus Lite. All of pymilvus is in here."""

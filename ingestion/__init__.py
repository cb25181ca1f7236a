"""Papers come in: sources, clean-up, embeddings, the Milvus store, PDF text. It knows nothing of questions."""

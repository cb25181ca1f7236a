"""Fine-tune a coder with LoRA: from data to a served adapter, with numbers."""

"""The study shelf: five classic ways to train, one module and one YAML each, on transformers' own trainers."""

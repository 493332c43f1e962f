"""The V1 generation: Basic, XML first, per-record results, availability (contract 3.2, 4.3, 6.2, 9 to 12)."""

"""Benchmarks of the catalogue audit: two sides with very many SKUs, a few of them adrift."""

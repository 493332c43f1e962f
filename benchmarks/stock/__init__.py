"""Benchmarks of the stock flow: one warehouse with many SKUs, and marketplaces that list all of them."""

"""Benchmarks of goods that leave and come back."""

"""Veeqo: the client, the objects it reads, and the warehouse port served with them."""

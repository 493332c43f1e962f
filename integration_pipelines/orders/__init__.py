"""Marketplace orders into the warehouse: reserved or queued, accepted in time, released when cleared."""

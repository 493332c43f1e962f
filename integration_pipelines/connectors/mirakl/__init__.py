"""Mirakl (marketplace platform, seller side): the client and the objects it reads."""

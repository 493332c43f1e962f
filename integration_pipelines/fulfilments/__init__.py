"""Dispatches: a parcel that left the warehouse is told to its marketplace, once, with who carries it."""

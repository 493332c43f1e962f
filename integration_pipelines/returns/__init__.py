"""Returns and refunds: goods that come back, and the money that they release."""

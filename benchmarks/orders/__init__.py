"""Measurements of the orders flow: intake, calls per order, the idle tick, a day."""

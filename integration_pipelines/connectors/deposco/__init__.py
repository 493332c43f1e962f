"""Deposco: both generations of its interface behind one client, and the warehouse port served with them."""

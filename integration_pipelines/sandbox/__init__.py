"""A stateful marketplace operator and warehouse account that disagree like the real ones.

Written from the vendor contracts alone: it imports nothing of `connectors` or the flows, or it
would share their mistakes.
"""

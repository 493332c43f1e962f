"""What every flow's Dagster definitions share: the resource, metadata conversion, upkeep of the instance.

No business rule and no asset of a flow is here; those are in each flow's `defs.py`.
"""

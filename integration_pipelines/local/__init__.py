"""The local supervisor: embedded PostgreSQL, sandbox and Dagster on one person's machine.

Nothing of the business is here, and production does not need it. `stack.run_stack` starts
everything, `databases.operations_database` is for commands that only read; import them from there,
so that the small processes of this package stay small.
"""

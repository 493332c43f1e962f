"""Measurements of this project against peers and against the limit, run together by `python -m benchmarks`.

What belongs here: figures that change with the code and that somebody decides by. What does not:
tests. Nothing here fails a build; a missed goal is a row that says so. How to read the figures is
in `docs/performance.md`.
"""

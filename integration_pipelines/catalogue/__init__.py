"""SKU drift: a warehouse's catalogue against what each marketplace lists. Reads and reports, nothing else."""

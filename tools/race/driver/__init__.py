"""What runs the race: inputs, processes, comparison, statistics, table."""

"""What CI and GitHub are told: job summaries, comments, issues, and whether all jobs were good."""

"""Task definitions and AppSpecs as files, for other tools."""

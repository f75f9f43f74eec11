"""What is in an image: read from its files, as CycloneDX, kept beside it in the registry."""

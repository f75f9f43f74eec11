"""New services, rendered from templates/service."""

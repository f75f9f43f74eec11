"""Moving in: what another tool's files say of a service, as a service.toml and a report."""

"""The door through which tasks call AWS: an allow-list on the gateway of their network."""

"""Terraform: what to run (`terraform`, `stacks`), what it means (`plan`), doing it (`apply`)."""

"""What this machine needs before a deploy can work: looked for by `doctor`, mended by `setup`."""

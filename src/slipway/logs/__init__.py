"""The log lines of services: `query` says which, `source` reads them, `follow` goes on, `show`
makes them readable."""

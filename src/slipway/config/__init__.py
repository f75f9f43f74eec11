"""Configuration: read, check everything at once, merge, remember where each value came from.

rules.py     what a value must be, in words and as limits
settings.py  every setting there is, declared once, as frozen dataclasses
layers.py    TOML files as layers, merged weakest first, with provenance
check.py     one layer by itself: unknown keys, wrong types and values
agree.py     what has to fit together: pairs, ranges, routes, names
load.py      all of it in order: `load`
schema.py    the JSON Schemas and the tables of docs/configuration.md
"""

from slipway.config.load import load
from slipway.config.settings import (
    Deploy,
    Environment,
    Health,
    Local,
    Project,
    Route,
    Scale,
    Service,
    Settings,
)

__all__ = [
    "Deploy",
    "Environment",
    "Health",
    "Local",
    "Project",
    "Route",
    "Scale",
    "Service",
    "Settings",
    "load",
]

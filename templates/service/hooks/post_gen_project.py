"""Takes away the files that the chosen variant has no use for."""

import shutil
from pathlib import Path

SOURCE, TESTS = Path("src/{{ cookiecutter.__module }}"), Path("tests")
WEB = "api app correlation health metrics middleware probe problems server".split()
WEB_TESTS = "api correlation health metrics middleware probe server".split()


def main(kind: str, database: str, cache: str, auth: str) -> None:
    web = kind == "web"
    wanted = {
        **dict.fromkeys((SOURCE / f"{name}.py" for name in WEB), web),
        **dict.fromkeys((TESTS / f"test_{name}.py" for name in WEB_TESTS), web),
        **dict.fromkeys(_both("job"), not web),
        **dict.fromkeys(_both("migrate"), database == "postgres"),
        **dict.fromkeys(
            (SOURCE / name for name in ("database.py", "models.py", "migrations")),
            database == "postgres",
        ),
        **dict.fromkeys(_both("notes"), web and database == "postgres"),
        **dict.fromkeys(_both("cache"), cache == "redis"),
        **dict.fromkeys([*_both("auth", "keys"), Path("local.env")], web and auth == "jwt"),
    }
    for path in (path for path, needed in wanted.items() if not needed):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _both(*names: str) -> list[Path]:
    return [p for name in names for p in (SOURCE / f"{name}.py", TESTS / f"test_{name}.py")]


main(
    kind="{{ cookiecutter.kind }}",
    database="{{ cookiecutter.database }}",
    cache="{{ cookiecutter.cache }}",
    auth="{{ cookiecutter.auth }}",
)

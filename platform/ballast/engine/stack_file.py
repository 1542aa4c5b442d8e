"""The stack's configuration as the engine reads it: the tracked file plus what is private.

The engine writes its encryption salt into the stack file. The tracked Pulumi.<stack>.yaml must not
change by that, so each run reads a private copy: tracked settings first, salt and locally set keys
beside them.
"""

from pathlib import Path

import yaml

from ballast.engine.outcome import EngineError
from ballast.kubeapi.shape import Json, mapping, sequence

_SALT = "encryptionsalt"


def refresh_copy(tracked: Path, private: Path) -> Path:
    """Bring the private copy up to date and return it; EngineError when a file is not YAML."""
    settings, known = _read(tracked), _read(private)
    local = {
        name: value
        for name, value in mapping(known.get("config")).items()
        if name in local_keys(private)
    }
    merged: Json = {**settings, "config": {**mapping(settings.get("config")), **local}}
    if known.get(_SALT):
        merged[_SALT] = known[_SALT]
    if merged != known:
        private.write_text(yaml.safe_dump(merged, sort_keys=False))
        private.chmod(0o600)
    return private


def local_keys(private: Path) -> list[str]:
    """Keys set on this machine only."""
    return [str(name) for name in sequence(_read(_keys_file(private)).get("keys"))]


def remember_local(private: Path, key: str) -> None:
    """Keep a key through later refreshes of the copy."""
    keys = sorted({*local_keys(private), key})
    _keys_file(private).write_text(yaml.safe_dump({"keys": keys}))


def _keys_file(private: Path) -> Path:
    return private.with_suffix(".local.yaml")


def _read(path: Path) -> Json:
    if not path.exists():
        return {}
    try:
        return mapping(yaml.safe_load(path.read_text()))
    except yaml.YAMLError as error:
        raise EngineError(f"{path} is not YAML: {error}", "correct it by hand") from error

"""The stored OpenAPI documents are those of the services."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # test-only modules of this folder

from openapi_documents import FOLDER, documents, rendered

DOCUMENTS = documents()


@pytest.mark.parametrize("service", DOCUMENTS)
def test_the_stored_document_is_fresh(service: str) -> None:
    stored = (FOLDER / f"{service}.json").read_text()
    assert stored == rendered(DOCUMENTS[service]), (
        "the API changed: run `python tests/contract/openapi_documents.py`, review the difference"
    )


def test_every_public_route_but_operations_and_logins_asks_for_a_token() -> None:
    for path, operations in DOCUMENTS["api-gateway"]["paths"].items():
        for operation in operations.values():
            guarded = "security" in operation
            assert guarded == (path.startswith("/api/") and "/auth/" not in path), path


def test_every_route_documents_the_error_shape() -> None:
    for service, document in DOCUMENTS.items():
        for path, operations in document["paths"].items():
            for operation in operations.values():
                assert {"4XX", "5XX"} <= set(operation["responses"]), f"{service} {path}"

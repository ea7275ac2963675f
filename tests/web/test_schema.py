"""The API against its own description: whatever fits the schema, or just does not, is answered as described, never by a 5xx."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from analyzer.web.openapi import specification
from analyzer.web.settings import WebSettings

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
pytestmark = pytest.mark.slow


from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance  # noqa: E402  after importorskip

# 413: a schema cannot say how large a body may be, so one of great strings is refused for its size before it is read
SIZE = {
    "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409", "413", "429"]},
    "negative_data_rejection": {"expected-statuses": ["400", "404", "405", "406", "409", "413", "415", "422", "429"]},
}
schema = schemathesis.openapi.from_dict(
    specification(WebSettings()), config=schemathesis.config.SchemathesisConfig.from_dict({"checks": SIZE})
)


@schema.parametrize()
@settings(max_examples=int(os.environ.get("JD_SCHEMA_EXAMPLES", "15")), deadline=None, suppress_health_check=list(HealthCheck))
def test_every_operation_keeps_its_word(case: Any, server: str) -> None:
    # a schema cannot say what makes bytes a table: and a form knows no types
    uploads = case.operation.path == "/v1/jobs"
    case.call_and_validate(
        base_url=server, timeout=20, excluded_checks=[positive_data_acceptance, negative_data_rejection] if uploads else []
    )

"""Does an answer keep what openapi.json says?"""

import re
from typing import Any

from httpx import Response
from openapi_schema_validator import OAS31Validator, oas31_format_checker


class Contract:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.operations = {
            (method.upper(), path): operation
            for path, item in document["paths"].items()
            for method, operation in item.items()
        }
        # `/beneficiaries/verify` has to be tried before `/beneficiaries/{beneficiary_id}`.
        self._patterns = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), path)
            for path in sorted(document["paths"], key=lambda path: path.count("{"))
        ]

    def complaints(self, method: str, path: str, answer: Response) -> list[str]:
        """What is wrong with an answer; nothing, if all is well."""
        template = next(template for pattern, template in self._patterns if pattern.fullmatch(path))
        declared = self.operations[method, template]["responses"].get(str(answer.status_code))
        if declared is None:
            return [f"{method} {path}: {answer.status_code} is not declared"]
        if "content" not in declared:
            return [f"{method} {path}: a body is not declared"] if answer.content else []
        media_type = answer.headers["content-type"].split(";")[0]
        if media_type not in declared["content"]:
            return [f"{method} {path}: {media_type} is not declared"]
        if media_type != "application/json":
            return []
        schema = declared["content"][media_type]["schema"]
        whole = {**schema, "components": self.document["components"]}
        errors = OAS31Validator(whole, format_checker=oas31_format_checker).iter_errors(answer.json())
        found = [f"{method} {path}: schema: {error.message}" for error in errors]
        extra = self._undeclared(schema, answer.json())
        return found + [f"{method} {path}: property {name} is not declared" for name in extra]

    def _undeclared(self, schema: dict[str, Any], value: Any) -> list[str]:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        if isinstance(value, list):
            return [name for one in value for name in self._undeclared(schema.get("items", {}), one)]
        if not isinstance(value, dict) or "additionalProperties" in schema:
            return []
        properties = schema.get("properties", {})
        found = [name for name in value if name not in properties]
        for name in value.keys() & properties.keys():
            found += self._undeclared(properties[name], value[name])
        return found

"""The shim: answers questions of the conformance runner, one JSON object a line (docs/spec/CONFORMANCE.md)."""

from __future__ import annotations

import json
import sys
from typing import Any

from errors import FormatError, UnsupportedQuestion
from operations import OPERATIONS


def main() -> None:
    """CONF-01, CONF-02: says hello, answers until the input ends."""
    _write(
        {
            "protocol": "sealwright-shim-1",
            "name": "sealwright-shim-python",
            "version": "1.0.0",
            "operations": list(OPERATIONS),
        }
    )
    for line in sys.stdin.buffer:
        _write(answer(json.loads(line)))


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """CONF-03. `released` is left out (CONF-05): nothing here hands out plaintext before its answer."""
    operation = OPERATIONS.get(question["op"])
    if operation is None:
        return {"id": question["id"], "result": "unsupported", "reason": f"no operation {question['op']}"}
    try:
        return {"id": question["id"], "result": "valid", "output": operation(question["in"])}
    except FormatError as error:
        return {"id": question["id"], "result": "invalid", "error": error.code}
    except UnsupportedQuestion as reason:
        return {"id": question["id"], "result": "unsupported", "reason": str(reason)}


def _write(message: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(message, ensure_ascii=False).encode("utf-8") + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()

"""Sends what a program says to Meta's Graph host to the sandbox instead. Python imports it where it is on the path.

The program itself stays as its authors published it. Nothing else may leave the machine.
"""

import os
from typing import Any

from requests.adapters import HTTPAdapter

_META = "https://graph.facebook.com/"
_send = HTTPAdapter.send


def _send_to_sandbox(self: HTTPAdapter, request: Any, *arguments: Any, **named: Any) -> Any:
    sandbox = os.environ["SANDBOX_URL"] + "/"
    if not request.url.startswith((_META, sandbox)):
        raise ConnectionError(f"a call to another host than Meta's: {request.url.partition('?')[0]}")
    request.url = request.url.replace(_META, sandbox, 1)
    return _send(self, request, *arguments, **named)


HTTPAdapter.send = _send_to_sandbox

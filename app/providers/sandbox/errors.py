"""Meta's errors: the envelope, and one constructor for every refusal the sandbox makes (Meta's error reference).

HTTP statuses follow what was seen of Meta: nearly everything is a 400, permissions are a 403, a throttle is never a
429 by itself.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_DOCS = "Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api"


class GraphError(Exception):
    """A refusal as Meta words it."""

    def __init__(
        self,
        message: str,
        *,
        code: int,
        subcode: int | None = None,
        kind: str = "OAuthException",
        http_status: int = 400,
        transient: bool = False,
        user_title: str | None = None,
        user_message: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.subcode = subcode
        self.kind = kind
        self.http_status = http_status
        self.transient = transient
        self.user_title = user_title
        self.user_message = user_message

    def envelope(self) -> Mapping[str, object]:
        """The body of the answer; optional members only where there is something to say."""
        error: dict[str, object] = {
            "message": self.message,
            "type": self.kind,
            "code": self.code,
            "is_transient": self.transient,
            "fbtrace_id": "A" + secrets.token_urlsafe(16),
        }
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.user_title is not None:
            error["error_user_title"] = self.user_title
        if self.user_message is not None:
            error["error_user_msg"] = self.user_message
        return {"error": error}


def bad_parameter(reason: str) -> GraphError:
    return GraphError(f"(#100) {reason}", code=100)


def unknown_field(name: str, node_type: str) -> GraphError:
    return GraphError(f"(#100) Tried accessing nonexisting field ({name}) on node type ({node_type})", code=100)


def dropped_field(name: str) -> GraphError:
    return GraphError(f"(#100) {name} is not valid for fields param. {_DOCS}", code=100)


def missing_object(method: str, object_id: str) -> GraphError:
    return GraphError(
        f"Unsupported {method.lower()} request. Object with ID '{object_id}' does not exist, cannot be loaded due to "
        f"missing permissions, or does not support this operation. {_DOCS}",
        code=100,
        subcode=33,
        kind="GraphMethodException",
    )


def unknown_path(path: str) -> GraphError:
    return GraphError(f"Unknown path components: /{path}", code=2500)


def old_version(newest: str) -> GraphError:
    return GraphError(
        f"(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: {newest}.",
        code=2635,
    )


def token_missing() -> GraphError:
    return GraphError("An access token is required to request this resource.", code=104)


def token_invalid() -> GraphError:
    return GraphError("Invalid OAuth access token - Cannot parse access token", code=190)


def token_dead(subcode: int) -> GraphError:
    """A token that was good once (Meta's documentation of access tokens; the words from memory)."""
    reasons = {
        458: "The user has not authorized application.",
        459: "The user is enrolled in a blocking, logged-in checkpoint",
        460: "The session has been invalidated because the user changed their password or Facebook has changed the "
        "session for security reasons.",
        463: "Session has expired.",
    }
    reason = reasons.get(subcode, "The session is invalid.")
    return GraphError(f"Error validating access token: {reason}", code=190, subcode=subcode)


def page_token_needed() -> GraphError:
    return GraphError("(#190) This method must be called with a Page Access Token", code=190, subcode=2069032)


def permission_missing(permission: str) -> GraphError:
    code = 200 if permission.startswith("ads_") else 10
    return GraphError(
        f"(#{code}) This endpoint requires the '{permission}' permission",
        code=code,
        http_status=403,
    )


def no_metric() -> GraphError:
    return GraphError(
        "(#3001) Invalid query",
        code=3001,
        subcode=1504028,
        user_title="No metric was specified to be fetched",
        user_message="No metric was specified to be fetched. Please specify one or more metrics to be fetched and try "
        "again.",
    )


def dead_metric() -> GraphError:
    """One name that isn't fails the whole list, and is not named."""
    return GraphError("(#100) The value must be a valid insights metric", code=100)


def proof_missing() -> GraphError:
    return GraphError(
        "API calls from the server require an appsecret_proof argument",
        code=100,
        kind="GraphMethodException",
    )


def proof_invalid() -> GraphError:
    return GraphError("Invalid appsecret_proof provided in the API argument", code=100, kind="GraphMethodException")


def account_forbidden() -> GraphError:
    return GraphError(
        "(#200) Ad account owner has NOT grant ads_management or ads_read permission",
        code=200,
        http_status=403,
    )


def ids_removed() -> GraphError:
    return GraphError("(#100) ids query parameter is deprecated in v26.0+", code=100)


def feature_withdrawn(feature: str) -> GraphError:
    """For an app that may not use a feature any more."""
    return GraphError(
        f"(#100) This feature is not available to new apps and is deprecated in v28.0+: {feature}",
        code=100,
    )


def range_too_old() -> GraphError:
    return GraphError(
        "(#3018) The start date of the time range cannot be beyond 37 months from the current date",
        code=3018,
    )


def page_too_heavy() -> GraphError:
    return GraphError(
        "Please reduce the amount of data you're asking for, then retry your request",
        code=1,
        http_status=500,
    )


def unknown_error() -> GraphError:
    return GraphError("An unknown error occurred", code=1, subcode=99, http_status=500)


def too_much_data() -> GraphError:
    return GraphError(
        "Invalid parameter",
        code=100,
        subcode=1487534,
        user_title="Too Much Data Was Requested",
        user_message="Please reduce the amount of data you're asking for, then retry your request.",
    )


def query_timed_out() -> GraphError:
    return GraphError(
        "Invalid parameter",
        code=100,
        subcode=1504018,
        user_title="The request took too long",
        user_message="Your request timed out. Please try a smaller date range or an asynchronous report.",
    )


def report_not_loadable() -> GraphError:
    """For the rows of a report that is not completed (facebook-python-business-sdk, issue 293)."""
    return GraphError(
        "Error accessing adreport job.",
        code=2601,
        subcode=1815107,
        transient=True,
        user_title="Loading Async Ads Report Failed",
        user_message="Sorry, the report cannot be loaded successfully. Please check if your job status is completed "
        "instead of failed or running before fetching the data.",
    )


def batch_too_long(limit: int) -> GraphError:
    return GraphError(
        f"Too many requests in batch message. Maximum batch size is {limit}",
        code=-3,
        kind="GraphBatchException",
    )


def change_refused(user_message: str) -> GraphError:
    return GraphError(
        "Invalid parameter",
        code=100,
        user_title="The change was not made",
        user_message=user_message,
    )

"""Which refusals are about the installation, in words that Meta uses or might."""

from __future__ import annotations

import pytest

from app.metrics.levels import Level
from app.providers.meta.calls.installation_faults import (
    Fault,
    asked_fields,
    find_fault,
    find_refused_field,
    without_ids,
)
from app.providers.meta.rows.insight_fields import insight_fields
from app.providers.meta.structure.parse_structure import CAMPAIGN_FIELDS

INSIGHTS = asked_fields({"fields": insight_fields(Level.AD)})
CAMPAIGNS = asked_fields({"fields": CAMPAIGN_FIELDS})
VERSION = (
    (2635, "(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: v29.0."),
    (100, "(#100) API version v27.0 is not supported"),
    (100, "Invalid API version v27.0"),
    (100, "Unsupported API version"),
    (100, "The API version v27.0 has expired"),
    (100, "This version of the Marketing API has been sunset"),
    (100, "The requested API version has been retired"),
    (100, "v24.0 has been deprecated, please upgrade to the latest version"),
    (100, "Graph API v27.0 is not available for this app"),
    (100, "You are using an old version of the Marketing API"),
    (100, "Version 27.0 does not exist"),
    (2500, 'An unknown version "v27.0" was specified'),
    (2636, "(#2636) deprecated ad api"),
    (12, "(#12) This version is deprecated"),
    (3, "(#3) API version is no longer supported"),
    (1, "(#1) The version of the API you are calling has been deprecated"),
    (400, "Calls to version v24.0 aren\u2019t supported"),
)
APP = (
    (100, "Invalid appsecret_proof provided in the API argument"),
    (100, "API calls from the server require an appsecret_proof argument"),
    (101, "Error validating application. Cannot get application info."),
    (190, "Error validating access token: The application has been deleted"),
    (200, "API access blocked."),
    (200, "(#200) API access deactivated. To reactivate, go to the App Dashboard"),
    (200, "(#200) App is in development mode"),
    (200, "The app 'Shop' has been disabled by Meta"),
    (5, "(#5) Unauthorized source IP address: 192.0.2.4"),
)
NEITHER = (
    (100, "(#100) The post of ad 911163001 has been removed; the field object_story_id can't be read"),
    (100, "(#100) Ad set 123's targeting field geo_locations uses a region that is no longer available"),
    (100, "Ads creative post was created by an app that is in development mode. It must be in public."),
    (100, "Invalid parameter: the deprecated objective of campaign 123 does not have the field bid_strategy"),
    (100, "(#100) This ad account no longer has a valid payment field"),
    (100, "The version of the creative template is no longer available"),
    (100, "This app version isn't supported by the Instagram account"),
    (100, "(#100) The field bid_strategy is deprecated for versions v28.0 and higher"),
    (100, "(#100) The field reach is not available for API version v28.0"),
    (100, "(#100) Param fields[9] must be one of {spend, impressions, cpm}"),
    (100, "Unsupported get request. Object with ID '12' does not exist. Please read the Graph API documentation"),
    (100, "(#100) Field effective_status of ad 911163001 is invalid"),
    (200, "(#200) Your version of the terms of service was removed"),
    (200, "(#200) Certain actions are no longer permitted"),
    (200, "Ad account has been disabled. Contact app support"),
    (10, "(#10) Application does not have permission for this action"),
    (190, "Error validating access token: The user has not authorized application 911163001."),
    (4, "(#4) Application request limit reached"),
    (17, "(#17) The metric cpc is not available: User request limit reached"),
    (2, "Ads API is closed for maintenance"),
    (1, "Please reduce the amount of data you're asking for"),
)
CPC = (
    (100, "(#100) Invalid field: cpc"),
    (100, "(#100) Invalid fields: ['cpc']"),
    (100, "(#100) Field 'cpc' does not exist on type AdsInsights"),
    (100, "(#100) Field 'cpc' doesn't exist on type AdsInsights"),
    (100, "(#100) Field cpc is not supported in version v28.0"),
    (100, "(#100) The field cpc is not available for API version v28.0"),
    (100, "(#100) cpc is not a valid field"),
    (100, "(#100) non-existing field cpc"),
    (100, "(#100) The metric cpc has been removed; use cost_per_inline_link_click instead"),
    (100, "(#100) fields[9]: cpc is not one of the allowed values: spend, cpm"),
    (100, "(#100) Param fields[16] must be one of {spend, cpm}"),
    (100, "(#100) The requested field 'cpc' was deprecated on 2027-01-12"),
    (2500, "Syntax error: unknown field cpc"),
    (12, "(#12) cpc is deprecated for versions v28.0 and higher"),
    (3, "(#3) cpc field is deprecated for versions v28.0 and higher"),
    (10, "(#10) cpc field has been deprecated"),
    (200, "(#200) Field cpc is deprecated"),
    (2, "cpc is not valid for fields param"),
)


@pytest.mark.parametrize(("code", "text"), VERSION)
def test_a_version(code: int, text: str) -> None:
    assert find_fault(text, code, INSIGHTS) is Fault.VERSION


@pytest.mark.parametrize(("code", "text"), APP)
def test_an_app(code: int, text: str) -> None:
    assert find_fault(text, code, INSIGHTS) is Fault.APP


def test_an_address_and_a_call() -> None:
    assert find_fault("Unknown path components: /v27.0/act_1/ads", 2500, CAMPAIGNS) is Fault.ADDRESS
    assert find_fault("(#10) This endpoint is deprecated for versions v27.0 and higher", 10) is Fault.CALL


@pytest.mark.parametrize(("code", "text"), NEITHER)
@pytest.mark.parametrize("asked", [INSIGHTS, CAMPAIGNS, ()])
def test_what_is_about_an_object_or_an_account(code: int, text: str, asked: list[str]) -> None:
    assert find_fault(text, code, asked) is None


@pytest.mark.parametrize(("code", "text"), CPC)
def test_a_field_that_was_asked_for(code: int, text: str) -> None:
    assert (find_fault(text, code, INSIGHTS), find_refused_field(text, code, INSIGHTS)) == (Fault.FIELD, "cpc")
    assert "fields[" in text or find_fault(text, code, CAMPAIGNS) is None


@pytest.mark.parametrize(
    ("code", "text", "field"),
    [
        (10, "(#10) issues_info needs a further permission", "issues_info"),
        (100, "(#100) issues_info of campaign 911163001 can't be read", None),
        (1, "(#1) created_time could not be read just now", None),
        (100, "(#100) stop_time isn't a valid field", "stop_time"),
        (100, "(#100) Unknown fields: stop_time, created_time", "stop_time"),
    ],
)
def test_a_field_that_can_be_done_without_needs_no_more_than_its_name(code: int, text: str, field: str | None) -> None:
    assert find_refused_field(text, code, CAMPAIGNS) == field


@pytest.mark.parametrize(
    ("text", "is_field"),
    [
        ("(#100) Invalid field: spend", True),
        ("(#100) actions is not valid for fields param", True),
        ("(#12) spend is deprecated for versions v28.0 and higher", True),
        ("(#100) The spend limit of the account is no longer valid", False),
        ("(#100) Your actions were removed", False),
    ],
)
def test_a_name_that_is_also_a_word_is_a_field_where_it_is_called_one(text: str, *, is_field: bool) -> None:
    assert (find_fault(text, 100, INSIGHTS) is Fault.FIELD) is is_field


def test_a_sentence_is_the_same_for_all_accounts() -> None:
    assert without_ids("Unknown path components: /v27.0/act_911163001 (v27.0)") == (
        "Unknown path components: /v27.0/act_… (v27.0)"
    )

"""The mapping from Meta's values to ours, row by row; the first rule that fits wins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.providers.contract import AccountStanding, DeliverySignals
from app.services.structure.account_tree import AccountTree
from app.services.structure.delivery_mapping import Delivery, map_delivery
from app.vocabulary import DeliveryStatus
from tests.services.statuses_at_hand import record, said

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
LIVE = DeliverySignals(effective_status="ACTIVE")


def tree(
    *,
    campaign: DeliverySignals = LIVE,
    adset: DeliverySignals = LIVE,
    ads: tuple[DeliverySignals, ...] = (LIVE,),
    standing: AccountStanding = AccountStanding.ACTIVE,
) -> AccountTree:
    """One campaign with one ad set and its ads."""
    return AccountTree(
        standing=standing,
        campaigns=[record("c", campaign)],
        adsets=[record("s", adset, campaign="c")],
        ads=[record(f"a{place}", ad, "s", "c") for place, ad in enumerate(ads)],
    )


@pytest.mark.parametrize(
    ("value", "status", "reason"),
    [
        (None, "UNKNOWN", None),
        ("SOMETHING_NEW", "UNKNOWN", None),
        ("", "UNKNOWN", None),
        ("DELETED", "INACTIVE", None),
        ("ARCHIVED", "INACTIVE", None),
        ("PAUSED", "INACTIVE", None),
        ("CAMPAIGN_PAUSED", "NOT_DELIVERING", "campaign_paused"),
        ("ADSET_PAUSED", "NOT_DELIVERING", "adset_paused"),
        ("DISAPPROVED", "ERROR", None),
        ("WITH_ISSUES", "ERROR", None),
        ("PENDING_BILLING_INFO", "ERROR", None),
        ("PENDING_REVIEW", "PENDING_REVIEW", None),
        ("IN_PROCESS", "PENDING_REVIEW", None),
        ("PREAPPROVED", "PENDING_REVIEW", "scheduled"),
        ("ACTIVE", "ACTIVE", None),
    ],
)
def test_an_effective_status_says_it_at_every_level(value: str | None, status: str, reason: str | None) -> None:
    expected = Delivery(DeliveryStatus(status), value, reason)
    blocked_too = AccountStanding.ACTIVE if value == "ACTIVE" else AccountStanding.BLOCKED
    assert map_delivery(tree(campaign=said(value), standing=blocked_too), now=NOW).campaigns["c"] == expected
    assert map_delivery(tree(adset=said(value), standing=blocked_too), now=NOW).adsets["s"] == expected
    assert map_delivery(tree(ads=(said(value),), standing=blocked_too), now=NOW).ads["a0"] == expected


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (AccountStanding.BLOCKED, Delivery(DeliveryStatus.NOT_DELIVERING, "ACTIVE", "account")),
        (AccountStanding.GRACE_PERIOD, Delivery(DeliveryStatus.ACTIVE, "ACTIVE")),
    ],
)
def test_an_account_that_may_not_deliver_holds_up_all_of_it(standing: AccountStanding, expected: Delivery) -> None:
    result = map_delivery(tree(standing=standing), now=NOW)
    assert (result.campaigns["c"], result.adsets["s"], result.ads["a0"]) == (expected, expected, expected)


@pytest.mark.parametrize(
    ("signals", "expected"),
    [
        (DeliverySignals(effective_status="ACTIVE", ends_at=PAST), ("INACTIVE", "completed")),
        (DeliverySignals(effective_status="ACTIVE", ends_at=NOW), ("INACTIVE", "completed")),
        (DeliverySignals(effective_status="ACTIVE", ends_at=FUTURE), ("ACTIVE", None)),
        (DeliverySignals(effective_status="ACTIVE", starts_at=FUTURE), ("NOT_DELIVERING", "scheduled")),
        (DeliverySignals(effective_status="ACTIVE", starts_at=NOW), ("ACTIVE", None)),
        (DeliverySignals(effective_status="ACTIVE", has_issues=True), ("LIMITED", "issues")),
        (DeliverySignals(effective_status="ACTIVE", budget_exhausted=True), ("LIMITED", "budget")),
        (DeliverySignals(effective_status="ACTIVE", ends_at=PAST, has_issues=True), ("INACTIVE", "completed")),
    ],
)
def test_times_issues_and_budgets_at_every_level(signals: DeliverySignals, expected: tuple[str, str | None]) -> None:
    delivery = Delivery(DeliveryStatus(expected[0]), "ACTIVE", expected[1])
    assert map_delivery(tree(campaign=signals), now=NOW).campaigns["c"] == delivery
    assert map_delivery(tree(adset=signals), now=NOW).adsets["s"] == delivery
    assert map_delivery(tree(ads=(signals,)), now=NOW).ads["a0"] == delivery


@pytest.mark.parametrize(
    ("ads", "expected"),
    [
        (("DISAPPROVED", "WITH_ISSUES"), ("ERROR", "all_ads_rejected")),
        (("DISAPPROVED", "PENDING_REVIEW"), ("PENDING_REVIEW", "ads_in_review")),
        (("PAUSED", "IN_PROCESS"), ("PENDING_REVIEW", "ads_in_review")),
        (("PREAPPROVED",), ("PENDING_REVIEW", "ads_in_review")),
        (("DISAPPROVED", "PAUSED"), ("NOT_DELIVERING", "no_active_ad")),
        (("PAUSED", "ADSET_PAUSED"), ("NOT_DELIVERING", "no_active_ad")),
        ((), ("NOT_DELIVERING", "no_active_ad")),
        (("DISAPPROVED", "ACTIVE"), ("ACTIVE", None)),
    ],
)
def test_without_an_active_ad_its_parents_do_not_deliver(
    ads: tuple[str, ...], expected: tuple[str, str | None]
) -> None:
    result = map_delivery(tree(ads=tuple(said(ad) for ad in ads)), now=NOW)
    delivery = Delivery(DeliveryStatus(expected[0]), "ACTIVE", expected[1])
    assert (result.campaigns["c"], result.adsets["s"]) == (delivery, delivery)


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("LEARNING", ("LEARNING", None)),
        ("FAIL", ("LIMITED", "learning_limited")),
        ("SUCCESS", ("ACTIVE", None)),
        ("WAIVING", ("ACTIVE", None)),
    ],
)
def test_what_an_ad_set_learns_its_ads_and_its_campaign_show(stage: str, expected: tuple[str, str | None]) -> None:
    adset = DeliverySignals(effective_status="ACTIVE", learning=stage)
    result = map_delivery(tree(adset=adset), now=NOW)
    delivery = Delivery(DeliveryStatus(expected[0]), "ACTIVE", expected[1])
    assert (result.campaigns["c"], result.adsets["s"], result.ads["a0"]) == (delivery, delivery, delivery)


def test_an_ad_set_that_learns_counts_before_one_that_failed_to_and_only_while_active() -> None:
    def campaign_of(*stages: tuple[str, str]) -> Delivery:
        adsets = [
            record(f"s{place}", DeliverySignals(effective_status=effective, learning=stage), campaign="c")
            for place, (effective, stage) in enumerate(stages)
        ]
        whole = AccountTree(
            standing=AccountStanding.ACTIVE,
            campaigns=[record("c", LIVE)],
            adsets=adsets,
            ads=[record(f"a{place}", LIVE, f"s{place}", "c") for place in range(len(stages))],
        )
        return map_delivery(whole, now=NOW).campaigns["c"]

    learning = Delivery(DeliveryStatus.LEARNING, "ACTIVE")
    assert campaign_of(("ACTIVE", "FAIL"), ("ACTIVE", "LEARNING")) == learning
    assert campaign_of(("ACTIVE", "LEARNING"), ("ACTIVE", "FAIL")) == learning
    limited = Delivery(DeliveryStatus.LIMITED, "ACTIVE", "learning_limited")
    assert campaign_of(("ACTIVE", "FAIL"), ("PAUSED", "LEARNING")) == limited
    assert campaign_of(("PAUSED", "FAIL"), ("ACTIVE", "SUCCESS")) == Delivery(DeliveryStatus.ACTIVE, "ACTIVE")


def test_learning_counts_before_issues() -> None:
    adset = DeliverySignals(effective_status="ACTIVE", learning="LEARNING", has_issues=True)
    assert map_delivery(tree(adset=adset), now=NOW).adsets["s"] == Delivery(DeliveryStatus.LEARNING, "ACTIVE")

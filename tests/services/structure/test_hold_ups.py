"""What stands above counts: ends, starts and pauses of campaigns and ad sets, for all that is under them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.metrics.levels import Level
from app.providers.contract import AccountStanding, DeliverySignals
from app.services.structure.account_tree import AccountTree
from app.services.structure.delivery_mapping import map_delivery
from tests.services.statuses_at_hand import record, said

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
LIVE = DeliverySignals(effective_status="ACTIVE")
ENDED, TO_COME = replace(LIVE, ends_at=PAST), replace(LIVE, starts_at=FUTURE)
COMPLETED = ("INACTIVE", "completed")
SCHEDULED = ("NOT_DELIVERING", "scheduled")
NO_ACTIVE_AD = ("NOT_DELIVERING", "no_active_ad")
RUNS = ("ACTIVE", None)


def tree(campaign: DeliverySignals, *adsets: DeliverySignals, ad: DeliverySignals = LIVE) -> AccountTree:
    """One campaign with these ad sets, and an ad in each."""
    return AccountTree(
        standing=AccountStanding.ACTIVE,
        campaigns=[record("c", campaign)],
        adsets=[record(f"s{place}", each, campaign="c") for place, each in enumerate(adsets)],
        ads=[record(f"a{place}", ad, f"s{place}", "c") for place in range(len(adsets))],
    )


def shown(of: AccountTree, now: datetime = NOW) -> dict[str, tuple[str, str | None]]:
    """External id → what is shown, and why."""
    found = map_delivery(of, now=now)
    levels = (found.campaigns, found.adsets, found.ads)
    return {each: (delivery.status.value, delivery.reason) for level in levels for each, delivery in level.items()}


def test_the_end_of_a_campaign_is_the_end_of_all_under_it() -> None:
    assert set(shown(tree(ENDED, LIVE, TO_COME)).values()) == {COMPLETED}


def test_the_start_of_a_campaign_is_waited_for_by_all_under_it() -> None:
    assert set(shown(tree(TO_COME, LIVE, LIVE)).values()) == {SCHEDULED}


def test_an_end_and_a_start_come_with_time_alone() -> None:
    running = tree(replace(LIVE, starts_at=NOW, ends_at=FUTURE), LIVE)
    assert set(shown(running, now=PAST).values()) == {SCHEDULED}
    assert set(shown(running, now=NOW).values()) == {RUNS}
    assert set(shown(running, now=FUTURE).values()) == {COMPLETED}


@pytest.mark.parametrize(
    ("adsets", "campaign"),
    [
        ((ENDED,), COMPLETED),
        ((ENDED, ENDED), COMPLETED),
        ((ENDED, LIVE), RUNS),
        ((ENDED, replace(said("PAUSED"), ends_at=PAST)), COMPLETED),
        ((ENDED, said("PAUSED")), NO_ACTIVE_AD),
        ((ENDED, said("ARCHIVED"), said("DELETED")), COMPLETED),
        ((TO_COME,), SCHEDULED),
        ((TO_COME, TO_COME), SCHEDULED),
        ((TO_COME, LIVE), RUNS),
        ((ENDED, TO_COME), SCHEDULED),
        ((TO_COME, said("PAUSED")), SCHEDULED),
        ((replace(said("PAUSED"), starts_at=FUTURE),), SCHEDULED),
        ((said("ARCHIVED"),), NO_ACTIVE_AD),
        ((), NO_ACTIVE_AD),
    ],
)
def test_a_campaign_runs_while_any_of_its_ad_sets_does(
    adsets: tuple[DeliverySignals, ...], campaign: tuple[str, str | None]
) -> None:
    assert shown(tree(LIVE, *adsets))["c"] == campaign


@pytest.mark.parametrize(
    ("adsets", "campaign"),
    [
        ((ENDED,), COMPLETED),
        ((ENDED, replace(ENDED, starts_at=FUTURE)), COMPLETED),
        ((ENDED, said("ARCHIVED")), COMPLETED),
        ((ENDED, LIVE), SCHEDULED),
        ((said("ARCHIVED"),), SCHEDULED),
        ((), SCHEDULED),
    ],
)
def test_a_campaign_of_which_all_ad_sets_are_over_waits_for_no_start(
    adsets: tuple[DeliverySignals, ...], campaign: tuple[str, str | None]
) -> None:
    assert shown(tree(TO_COME, *adsets))["c"] == campaign


def test_an_ad_follows_its_own_ad_set() -> None:
    found = shown(tree(LIVE, ENDED, TO_COME, LIVE))
    assert {each: found[each] for each in ("c", "s0", "a0", "s1", "a1", "s2", "a2")} == {
        "c": RUNS,
        "s0": COMPLETED,
        "a0": COMPLETED,
        "s1": SCHEDULED,
        "a1": SCHEDULED,
        "s2": RUNS,
        "a2": RUNS,
    }


@pytest.mark.parametrize(
    ("campaign", "adset", "ad"),
    [
        (said("PAUSED"), ("NOT_DELIVERING", "campaign_paused"), ("NOT_DELIVERING", "campaign_paused")),
        (said("ARCHIVED"), ("INACTIVE", "campaign_archived"), ("INACTIVE", "campaign_archived")),
        (said("DELETED"), ("INACTIVE", "campaign_deleted"), ("INACTIVE", "campaign_deleted")),
        (
            replace(said("PAUSED"), ends_at=PAST),
            ("NOT_DELIVERING", "campaign_paused"),
            ("NOT_DELIVERING", "campaign_paused"),
        ),
        (
            replace(said("PAUSED"), starts_at=FUTURE),
            ("NOT_DELIVERING", "campaign_paused"),
            ("NOT_DELIVERING", "campaign_paused"),
        ),
        (said("SOMETHING_NEW"), RUNS, RUNS),
    ],
)
def test_what_was_stopped_above_does_not_deliver_below(
    campaign: DeliverySignals, adset: tuple[str, str | None], ad: tuple[str, str | None]
) -> None:
    found = shown(tree(campaign, LIVE))
    assert (found["s0"], found["a0"]) == (adset, ad)


@pytest.mark.parametrize(
    ("adset", "ad"),
    [
        (said("PAUSED"), ("NOT_DELIVERING", "adset_paused")),
        (said("CAMPAIGN_PAUSED"), ("NOT_DELIVERING", "campaign_paused")),
        (said("DELETED"), ("INACTIVE", "adset_deleted")),
    ],
)
def test_an_ad_under_a_stopped_ad_set_does_not_deliver(adset: DeliverySignals, ad: tuple[str, str | None]) -> None:
    found = shown(tree(LIVE, adset, LIVE))
    assert (found["a0"], found["a1"], found["c"]) == (ad, RUNS, RUNS)


def test_a_pause_above_comes_before_an_end_whether_the_platform_says_so_below_or_not() -> None:
    for word in ("ACTIVE", "CAMPAIGN_PAUSED"):
        ended = replace(said(word), ends_at=PAST)
        found = shown(tree(replace(said("PAUSED"), ends_at=PAST), ended, ad=said(word)))
        assert found == {"c": ("INACTIVE", None)} | dict.fromkeys(("s0", "a0"), ("NOT_DELIVERING", "campaign_paused"))


def test_the_platforms_own_word_comes_before_what_stands_above() -> None:
    for word, status in (("PAUSED", "INACTIVE"), ("DISAPPROVED", "ERROR"), ("PENDING_REVIEW", "PENDING_REVIEW")):
        assert shown(tree(ENDED, LIVE, ad=said(word)))["a0"] == (status, None)


def test_an_ad_set_that_is_over_tells_nothing_of_what_its_campaign_learns() -> None:
    learns = replace(ENDED, learning="LEARNING")
    assert shown(tree(LIVE, learns, LIVE))["c"] == RUNS


def test_of_ad_sets_that_were_not_all_seen_nothing_follows_for_their_campaign() -> None:
    partly = replace(tree(LIVE, ENDED), unread={Level.ADSET, Level.AD})
    assert shown(partly) == {"c": RUNS, "s0": COMPLETED, "a0": COMPLETED}


def test_what_stands_above_and_was_not_seen_counts_as_it_was_known() -> None:
    ads_alone = replace(
        tree(LIVE, LIVE, LIVE),
        campaigns=[],
        adsets=[],
        known_campaigns=[record("c", LIVE)],
        known_adsets=[record("s0", ENDED, campaign="c"), record("s1", LIVE, campaign="c")],
        unread={Level.CAMPAIGN, Level.ADSET},
    )
    assert shown(ads_alone) == {"a0": COMPLETED, "a1": RUNS}
    ended = replace(ads_alone, known_campaigns=[record("c", ENDED)])
    assert shown(ended) == {"a0": COMPLETED, "a1": COMPLETED}
    nameless = [replace(ad, campaign_external_id=None) for ad in ads_alone.ads]
    assert shown(replace(ended, ads=nameless)) == {"a0": COMPLETED, "a1": COMPLETED}

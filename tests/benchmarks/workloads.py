"""What is asked of the API: the two workloads, in the product's own field names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from app.metrics.definitions import METRICS
from tests.benchmarks.population import LAST_DAY

RANGE_DAYS = 30
ENTITY_FIELDS = ("id", "name", "externalId", "status", "deliveryStatus", "deliveryReason", "createdAt", "updatedAt")
METRIC_FIELDS = tuple(metric.graphql_name for metric in METRICS)

_FIELDS = " ".join(ENTITY_FIELDS)
_METRICS = " ".join(METRIC_FIELDS)
_RANGE = f'{{custom: {{from: "{LAST_DAY - timedelta(days=RANGE_DAYS - 1)}", to: "{LAST_DAY}"}}}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """`first` is the page size of the list of campaigns."""

    name: str
    meaning: str
    document: str
    first: int


W1 = Workload(
    name="W1",
    meaning=f"100 campaigns x {RANGE_DAYS} days: 8 fields and 21 metrics each, and the summary",
    first=100,
    document=f"""
query CampaignTable {{
  campaigns(first: 100, range: {_RANGE}) {{
    nodes {{ {_FIELDS} metrics {{ {_METRICS} }} }}
    summary {{ {_METRICS} }}
  }}
}}""",
)

W2 = Workload(
    name="W2",
    meaning=f"20 campaigns, 100 ad sets, 400 ads x {RANGE_DAYS} days: 8 fields and 21 metrics each",
    first=20,
    document=f"""
query DrillDown {{
  campaigns(first: 20, range: {_RANGE}) {{
    nodes {{ {_FIELDS} metrics {{ {_METRICS} }}
      adsets(first: 50) {{
        nodes {{ {_FIELDS} metrics {{ {_METRICS} }}
          ads(first: 50) {{
            nodes {{ {_FIELDS} metrics {{ {_METRICS} }} }}
          }}
        }}
      }}
    }}
  }}
}}""",
)

WORKLOADS = (W1, W2)

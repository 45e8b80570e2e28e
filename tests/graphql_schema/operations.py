"""Operations that together read everything there is to read, with how many statements each is.

One more than the rows and the numbers: the calendars of the accounts, once a request. A pinned order is two: the order
(which also counts what has to be measured) and the rows. A series is two: the numbers and when they were fetched.
"""

from __future__ import annotations

METRICS = "metrics { spend roas syncedAt }"
BEFORE = "to: {period: PREVIOUS_PERIOD}"
YEAR_BEFORE = "to: {period: SAME_DAYS_LAST_YEAR}"
SPENDING = "{metric: SPEND, op: GTE, value: 0}"
EARLIER = 'asOf: "2026-03-09T11:59:00Z"'
TODAY = "range: {preset: TODAY}"
DAYS = "series(granularity: DAY)"
MARKED = "points { from metrics { spend } statusChanges { at } }"

ROWS = {
    "{ campaigns(first: 100) { nodes { id name } } }": 1,
    "{ campaigns(first: 100) { edges { cursor node { id } } nodes { name } pageInfo { endCursor } } }": 1,
    "{ campaigns(first: 100) { totalCount } }": 1,
    "{ campaigns(first: 100) { totalCount unfilteredCount } }": 1,
    "{ campaigns(first: 100, orderBy: {field: BUDGET}) { nodes { id } } }": 2,
    '{ campaigns(first: 100, filter: {currency: "USD"}) { nodes { id } totalCount unfilteredCount } }': 3,
    "{ campaigns(first: 100) { nodes { budget adAccount { name } sellpage { name } adStrategy { name } } } }": 4,
    "{ sellpages(first: 100) { nodes { name } } }": 1,
    "{ adStrategies(first: 100) { nodes { name } } }": 1,
    "{ adAccounts(first: 100) { totalCount nodes { name } } }": 2,
    "{ syncRuns(first: 100) { nodes { state jobs { totalCount nodes { key adAccount { name } } } } } }": 4,
    "{ syncRuns(first: 100) { nodes { jobs { nodes { warnings { message examples { found } } } } } } }": 3,
    "{ syncRuns(first: 100) { nodes { progress { percent waiting { until } } retryOf { state } } } }": 2,
    """{ filterOptions { adAccounts { value } sellpages { name } adStrategies { name } campaigns { name }
         adsets { name } ads { name } currencies } }""": 7,
    '{ filterOptions { campaigns(prefix: "C", first: 100) { value } } }': 1,
    "{ viewer { user { name } seller { name } } }": 1,
    "{ metricDefinitions { name } }": 0,
}
NUMBERS = {
    "{ campaigns(first: 100) { summary { spend } } }": 2,
    "{ campaigns(first: 100) { summary { spend } summaries { cpm } } }": 2,
    f"{{ campaigns(first: 100) {{ summary {{ spend }} today: summary({TODAY}) {{ spend }} }} }}": 3,
    f"{{ campaigns(first: 100) {{ summary {{ spend }} earlier: summary({EARLIER}) {{ spend }} }} }}": 3,
    f"{{ campaigns(first: 100) {{ nodes {{ {METRICS} }} summary {{ spend }} totalCount }} }}": 5,
    f"{{ campaigns(first: 100) {{ nodes {{ {METRICS} again: {METRICS} }} }} }}": 3,
    f"{{ campaigns(first: 100) {{ nodes {{ {METRICS} today: metrics({TODAY}) {{ spend }} }} }} }}": 3,
    f"{{ campaigns(first: 100) {{ nodes {{ {METRICS} earlier: metrics({EARLIER}) {{ spend }} }} }} }}": 4,
    f"{{ adsets(first: 100) {{ nodes {{ {METRICS} campaign {{ name {METRICS} }} }} }} }}": 5,
    f"{{ ads(first: 100) {{ nodes {{ {METRICS} adset {{ name campaign {{ name }} }} campaign {{ name }} }} }} }}": 5,
    f"{{ adAccounts(first: 100) {{ nodes {{ name {METRICS} }} }} }}": 3,
    f"{{ campaigns(first: 100) {{ nodes {{ adAccount {{ {METRICS} }} }} }} }}": 4,
    f"""{{ ads(first: 100) {{ nodes {{ {METRICS} adset {{ {METRICS} campaign {{ {METRICS}
          adAccount {{ {METRICS} }} }} }} adAccount {{ name }} }} }} }}""": 9,
}
FRESHNESS = {
    "{ adAccounts(first: 100) { nodes { freshness { state failure { message } } stretch } } }": 2,
    "{ adAccounts(first: 100) { nodes { syncWarnings { message examples { found } } } } }": 2,
    "{ campaigns(first: 100) { nodes { metrics { spend freshness { state accountsBehind } } } } }": 5,
    "{ campaigns(first: 100) { summary { freshness { state } } nodes { adAccount { freshness { state } } } } }": 6,
}
COMPARISONS = {
    f"{{ campaigns(first: 100) {{ nodes {{ {METRICS} comparison({BEFORE}) {{ base {{ spend }} }} }} }} }}": 3,
    f"""{{ campaigns(first: 100) {{ nodes {{ comparison({BEFORE}) {{ current {{ spend }} absolute {{ spend }} }}
          year: comparison({YEAR_BEFORE}) {{ relative {{ spend }} }} }} }} }}""": 3,
    f"{{ campaigns(first: 100) {{ comparison({BEFORE}) {{ absolute {{ spend }} }} }} }}": 3,
    f"""{{ campaigns(first: 100) {{ summary {{ spend }} comparison({BEFORE}) {{ absolute {{ spend }} }}
          comparisons({BEFORE}) {{ relative {{ spend }} }} }} }}""": 3,
    f"{{ adAccounts(first: 100) {{ nodes {{ {METRICS} comparison({BEFORE}) {{ relative {{ spend }} }} }} }} }}": 3,
}
SERIES = {
    f"{{ campaigns(first: 100) {{ {DAYS} {{ currency points {{ from metrics {{ spend }} }} }} }} }}": 3,
    f"{{ campaigns(first: 100) {{ {DAYS} {{ {MARKED} }} }} }}": 4,
    f"{{ campaigns(first: 100) {{ nodes {{ {DAYS} {{ metrics {{ spend }} }} }} }} }}": 4,
    f"{{ ads(first: 100) {{ nodes {{ {DAYS} {{ metrics {{ spend }} statusChanges {{ at }} }} }} }} }}": 5,
    f"{{ adAccounts(first: 100) {{ nodes {{ {DAYS} {{ metrics {{ spend }} }} }} }} }}": 4,
    f"{{ adAccounts(first: 100) {{ nodes {{ {DAYS} {{ metrics {{ spend }} statusChanges {{ at }} }} }} }} }}": 5,
    f"""{{ campaigns(first: 100, {EARLIER}) {{ {DAYS} {{ {MARKED} }}
          nodes {{ {DAYS} {{ metrics {{ spend }} statusChanges {{ at }} }} }} }} }}""": 6,
}
BEHIND_THE_NUMBERS = {
    '{ campaigns(first: 100) { nodes { snapshots(date: "2026-03-09") { nodes { fetchedAt } } } } }': 2,
    """{ ads(first: 100) { nodes { snapshots(date: "2026-03-09") { totalCount pageInfo { endCursor }
         edges { cursor node { metrics { spend } } } } } } }""": 4,
    "{ campaigns(first: 100) { nodes { restatements { date change { absolute { spend } } } } } }": 3,
    "{ adsets(first: 100) { nodes { restatements(since: DAY_END) { change { current { spend } } } } } }": 3,
    """{ campaigns(first: 100) { nodes { reconciliation { reported { spend } ads { spend } difference { spend }
         agrees } } } }""": 4,
    f"{{ adsets(first: 100) {{ nodes {{ reconciliation {{ agrees }} {METRICS} }} }} }}": 4,
}
ORDERED = {
    "{ campaigns(first: 100, orderBy: {field: SPEND}) { nodes { id } } }": 3,
    "{ campaigns(first: 100, orderBy: {field: STATUS}) { nodes { id } } }": 2,
    f"""{{ campaigns(first: 100, orderBy: [{{field: SPEND}}, {{field: CPM}}, {{field: NAME}}]) {{
          edges {{ cursor node {{ {METRICS} }} }} nodes {{ id }} pageInfo {{ endCursor }} totalCount }} }}""": 5,
    f"""{{ ads(first: 100, orderBy: {{field: SPEND, change: RELATIVE}}) {{
          nodes {{ comparison({BEFORE}) {{ relative {{ spend }} }} }} }} }}""": 4,
    f"""{{ campaigns(first: 100, filter: {{metrics: [{SPENDING}, {{metric: ROAS, op: LT, value: 5}}]}}) {{
          nodes {{ {METRICS} }} totalCount unfilteredCount summary {{ spend }} }} }}""": 6,
    f"""{{ ads(first: 100, filter: {{campaign: {{name: "C", metrics: {SPENDING}}}, adset: {{metrics: {SPENDING},
          campaign: {{status: ACTIVE}}}}}}) {{ nodes {{ id }} totalCount summary {{ spend }} }} }}""": 4,
    f"""{{ campaigns(first: 100, {EARLIER}, orderBy: {{field: SPEND}}, filter: {{metrics: {SPENDING}}}) {{
          nodes {{ {METRICS} comparison({BEFORE}) {{ base {{ spend }} }} }} totalCount summary {{ spend }}
          comparison({BEFORE}) {{ base {{ spend }} }} }} }}""": 6,
}
NESTED = {
    f"{{ campaigns(first: 100) {{ nodes {{ {METRICS} adsets {{ nodes {{ {METRICS} }} }} }} }} }}": 5,
    f"""{{ campaigns(first: 100) {{ nodes {{ {METRICS} ads {{ totalCount }} adsets(first: 50) {{
          totalCount summary {{ spend }} nodes {{ {METRICS}
            ads(first: 50) {{ nodes {{ {METRICS} }} }} }} }} }} }} }}""": 10,
    """{ campaigns(first: 100) { nodes { adsets(first: 1, orderBy: {field: SPEND}) {
         nodes { id } pageInfo { endCursor } } } } }""": 4,
    f"""{{ campaigns(first: 100) {{ nodes {{ adsets(orderBy: {{field: SPEND, change: ABSOLUTE}},
          filter: {{metrics: {SPENDING}}}) {{ totalCount unfilteredCount summary {{ spend }}
          comparison({BEFORE}) {{ base {{ spend }} }} {DAYS} {{ {MARKED} }}
          nodes {{ {METRICS} ads(orderBy: {{field: CPM}}) {{ nodes {{ {METRICS} }} }} }} }} }} }} }}""": 14,
    f"""{{ campaigns(first: 100, {EARLIER}) {{ nodes {{ {METRICS} adsets(orderBy: {{field: SPEND}}) {{
          nodes {{ {METRICS} adAccount {{ {METRICS} }} }} }} }} }} }}""": 8,
}
PAGES = {
    "{ pages(first: 100) { totalCount nodes { name metrics { name } } } }": 3,
    "{ pages(first: 100) { nodes { syncWarnings { message examples { found } } } } }": 2,
    "{ pages(first: 100) { nodes { series { metric points { date value } } } } }": 3,
    f"""{{ pages(first: 100) {{ nodes {{ all: series(metrics: "page_media_view", {TODAY}) {{ points {{ value }} }}
          week: series(metrics: ["page_follows", "page_media_view"]) {{ points {{ value }} }} }} }} }}""": 2,
    """{ pages(first: 100) { nodes { posts(first: 50) { totalCount pageInfo { endCursor }
         nodes { message values { metric value } page { name } } } } } }""": 5,
    """{ pages(first: 100) { nodes { posts(orderBy: {metric: "post_media_view", direction: DESC}) {
         totalCount edges { cursor node { values { value } } } } } } }""": 5,
}
BOARDS = {
    f"""{{ leaderboard(level: CAMPAIGN, metric: SPEND, date: "2026-03-09") {{
          entries {{ rank score entity {{ name {METRICS} }} {METRICS} }} }} }}""": 4,
    """{ leaderboard(level: CAMPAIGN, metric: ROAS, date: "2026-03-09") { entitiesRanked entries {
         entity { name } } } }""": 3,
    """{ dailySummary(date: "2026-03-09") { totals { spend } missing { reason connection { id } } }
         other: dailySummary(date: "2026-03-08") { complete } }""": 5,
}
OPERATIONS = ROWS | NUMBERS | FRESHNESS | COMPARISONS | SERIES | BEHIND_THE_NUMBERS | ORDERED | NESTED | PAGES | BOARDS

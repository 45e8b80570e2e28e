"""A migration that was released is never changed: databases have it behind them and would not learn of it."""

from __future__ import annotations

from hashlib import sha256

from app.database.migration import MIGRATIONS

# `sha256sum migrations/versions/*.py`
FROZEN = {
    "0001_tables.py": "0477c72c6d0c6c9552aa577ab8edea356b50be240976d8b9ea0e8dabdf266919",
    "0002_walls.py": "f6dc3f53d8c945c4af332281b2ae1c715d6c6f5a7f3da5ea6acc27bbcd249640",
    "0003_audit_by_time.py": "9e0fd3a288676cc9fcb52255cbbc2b1cab65f166b2ccbb067a398f04bcab981b",
    "0004_background_work.py": "880633696c8d22aca1ddb77e7fac4c4d33fc21809a4783437af540325afdd9da",
    "0005_login_events.py": "77ba9df8b7f1a5baeccce8aa5dea76a2c7924c1ca8be45eb3a9eee86a6f5fb63",
    "0006_future_snapshots.py": "751aa1a4dd2b4c1b538294ff5f7c2ff5c9c4d49b73c408d6ed7a3efb8f25e922",
    "0007_login_reading.py": "8418fd76a2f487399fc40886347743e43a9389f89ded3237e5500d3da10fe549",
    "0008_keys_of_users.py": "8a0f8377e0c4476b8b6ba206d4675c850d0576133560cb83d4d0299694a10aaa",
    "0009_sync_warnings.py": "c5818a5a6ed4350e6c6021995854c8f19493b7c1ce092ba437d1b36ddf3d83b2",
    "0010_unknown_status.py": "291493138d2d3a2a9c46c710b91a028e1e2e65c22d8429c07e10ac869d146ce7",
    "0011_kept_turns.py": "9e16559b20fbb6780fbca186584ee35e4df223077e77d17551d8f7e25cff67ff",
    "0012_failing_work.py": "d3bd81ced1415ecfe8c34e685595a1756094f12522ca09a6ebddef61bc72b7d1",
    "0013_day_currencies.py": "7ddb4ca52c64c45367f6d36be32b2dbc526104df30b06de74bb132434d89abe1",
}
ADVICE = (
    "Released migrations are frozen: databases that have passed them would not get the change. Take it back and write "
    "a new revision in migrations/versions; its checksum goes in here when it is done."
)


def test_released_migrations_are_as_they_were() -> None:
    found = {
        path.name: sha256(path.read_bytes()).hexdigest() for path in sorted((MIGRATIONS / "versions").glob("*.py"))
    }
    assert found == FROZEN, ADVICE

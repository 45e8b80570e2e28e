"""The words that mock entities are named with."""

from __future__ import annotations

SEASONS = (
    "Summer Sale",
    "Evergreen",
    "Black Friday",
    "New Arrivals",
    "Back to School",
    "Spring Launch",
    "Gift Guide",
    "Clearance",
    "Bundle Offer",
    "Loyalty",
)
STAGES = ("Prospecting", "Retargeting", "Lookalike 1%", "Broad", "Catalogue", "Win-back")
MARKETS = ("US", "GB", "DE", "FR", "VN", "JP", "AU", "CA")
AUDIENCES = ("Interest: home decor", "Interest: fitness", "Lookalike buyers", "Cart abandoners 14d", "Broad 25-54")
CREATIVES = ("Video 15s", "Video 30s", "Carousel", "Single image", "Collection", "UGC testimonial")
HOOKS = ("Hook A", "Hook B", "Price anchor", "Before/after", "Founder story")

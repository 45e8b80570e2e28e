"""Every metric of what several golden tests look at, worked out on paper. `…`: cut off, not rounded.

All are over 2 to 8 March 2026 unless their name says otherwise.
"""

from __future__ import annotations

# Of a campaign, on the days that have rows: 2, 4 and 8 March.
ALPHA = {
    "spend": "100.13",  # 40.0625 + 30.0625 + 30 = 100.125
    "impressions": 16000,  # 6000 + 5000 + 5000 = 16000
    "linkClicks": 180,  # 70 + 60 + 50 = 180
    "contentViews": 90,  # 40 + 30 + 20 = 90
    "addToCart": 45,  # 20 + 15 + 10 = 45
    "checkoutInitiated": 24,  # 10 + 8 + 6 = 24
    "purchases": 5,  # 2 + 2 + 1 = 5
    "purchaseValue": "250.31",  # 100.125 + 90.0625 + 60.125 = 250.3125
    "cpm": "6.26",  # 100.125 / 16000 * 1000 = 6.2578125
    "ctr": 1.13,  # 180 / 16000 * 100 = 1.125
    "cpc": "0.56",  # 100.125 / 180 = 0.55625
    "cpv": "1.11",  # 100.125 / 90 = 1.1125
    "costPerAddToCart": "2.23",  # 100.125 / 45 = 2.225
    "costPerCheckout": "4.17",  # 100.125 / 24 = 4.171875
    "costPerPurchase": "20.03",  # 100.125 / 5 = 20.025
    "results": 5,  # purchases
    "costPerResult": "20.03",  # 100.125 / 5 = 20.025
    "roas": 2.5,  # 250.3125 / 100.125 = 2.5
    "cr1": 26.67,  # 24 / 90 * 100 = 26.666666…
    "cr2": 20.83,  # 5 / 24 * 100 = 20.833333…
    "cr": 5.56,  # 5 / 90 * 100 = 5.555555…
}

# 24 February and 1 March, in the 7 days before.
ALPHA_BEFORE = {
    "spend": "80.10",  # 50 + 30.1 = 80.1
    "impressions": 12000,  # 10000 + 2000 = 12000
    "linkClicks": 120,  # 90 + 30 = 120
    "contentViews": 60,  # 40 + 20 = 60
    "addToCart": 0,  # 0 + 0 = 0
    "checkoutInitiated": 16,  # 12 + 4 = 16
    "purchases": 4,  # 4 + 0 = 4
    "purchaseValue": "100.00",  # 100 + 0 = 100
    "cpm": "6.68",  # 80.1 / 12000 * 1000 = 6.675
    "ctr": 1.0,  # 120 / 12000 * 100 = 1
    "cpc": "0.67",  # 80.1 / 120 = 0.6675
    "cpv": "1.34",  # 80.1 / 60 = 1.335
    "costPerAddToCart": "0.00",  # no addToCart
    "costPerCheckout": "5.01",  # 80.1 / 16 = 5.00625
    "costPerPurchase": "20.03",  # 80.1 / 4 = 20.025
    "results": 4,  # purchases
    "costPerResult": "20.03",  # 80.1 / 4 = 20.025
    "roas": 1.2484,  # 100 / 80.1 = 1.248439…
    "cr1": 26.67,  # 16 / 60 * 100 = 26.666666…
    "cr2": 25.0,  # 4 / 16 * 100 = 25
    "cr": 6.67,  # 4 / 60 * 100 = 6.666666…
}

# A difference is rounded once: 1.11 - 1.34 would be -0.23 for cpv.
ALPHA_DIFFERENCE = {
    "spend": "20.03",  # 100.125 - 80.1 = 20.025
    "impressions": 4000,  # 16000 - 12000 = 4000
    "linkClicks": 60,  # 180 - 120 = 60
    "contentViews": 30,  # 90 - 60 = 30
    "addToCart": 45,  # 45 - 0 = 45
    "checkoutInitiated": 8,  # 24 - 16 = 8
    "purchases": 1,  # 5 - 4 = 1
    "purchaseValue": "150.31",  # 250.3125 - 100 = 150.3125
    "cpm": "-0.42",  # 6.2578125 - 6.675 = -0.4171875
    "ctr": 0.13,  # 1.125 - 1 = 0.125
    "cpc": "-0.11",  # 0.55625 - 0.6675 = -0.11125
    "cpv": "-0.22",  # 1.1125 - 1.335 = -0.2225
    "costPerAddToCart": "2.23",  # 2.225 - 0 = 2.225
    "costPerCheckout": "-0.83",  # 4.171875 - 5.00625 = -0.834375
    "costPerPurchase": "0.00",  # 20.025 - 20.025 = 0
    "results": 1,  # 5 - 4 = 1
    "costPerResult": "0.00",  # 20.025 - 20.025 = 0
    "roas": 1.2516,  # 2.5 - 1.248439… = 1.251560…
    "cr1": 0.0,  # 26.666666… - 26.666666… = 0
    "cr2": -4.17,  # 20.833333… - 25 = -4.166666…
    "cr": -1.11,  # 5.555555… - 6.666666… = -1.111111…
}

ALPHA_CHANGE = {
    "spend": 0.25,  # 20.025 / 80.1 = 0.25
    "impressions": 0.3333,  # 4000 / 12000 = 0.333333…
    "linkClicks": 0.5,  # 60 / 120 = 0.5
    "contentViews": 0.5,  # 30 / 60 = 0.5
    "addToCart": None,  # from 0
    "checkoutInitiated": 0.5,  # 8 / 16 = 0.5
    "purchases": 0.25,  # 1 / 4 = 0.25
    "purchaseValue": 1.5031,  # 150.3125 / 100 = 1.503125
    "cpm": -0.0625,  # -0.4171875 / 6.675 = -0.0625
    "ctr": 0.125,  # 0.125 / 1 = 0.125
    "cpc": -0.1667,  # -0.11125 / 0.6675 = -0.166666…
    "cpv": -0.1667,  # -0.2225 / 1.335 = -0.166666…
    "costPerAddToCart": None,  # from 0
    "costPerCheckout": -0.1667,  # -0.834375 / 5.00625 = -0.166666…
    "costPerPurchase": 0.0,  # 0 / 20.025 = 0
    "results": 0.25,  # 1 / 4 = 0.25
    "costPerResult": 0.0,  # 0 / 20.025 = 0
    "roas": 1.0025,  # 1.251560… / 1.248439… = 1.0025
    "cr1": 0.0,  # 0 / 26.666666… = 0
    "cr2": -0.1667,  # -4.166666… / 25 = -0.166666…
    "cr": -0.1667,  # -1.111111… / 6.666666… = -0.166666…
}

# A campaign that people see and buy from, but never click on.
BETA = {
    "spend": "50.00",
    "impressions": 4000,
    "linkClicks": 0,
    "contentViews": 0,
    "addToCart": 0,
    "checkoutInitiated": 0,
    "purchases": 2,
    "purchaseValue": "100.00",  # 99.998
    "cpm": "12.50",  # 50 / 4000 * 1000 = 12.5
    "ctr": 0.0,  # 0 / 4000 * 100 = 0
    "cpc": "0.00",  # no linkClicks
    "cpv": "0.00",  # no contentViews
    "costPerAddToCart": "0.00",  # no addToCart
    "costPerCheckout": "0.00",  # no checkoutInitiated
    "costPerPurchase": "25.00",  # 50 / 2 = 25
    "results": 2,  # purchases
    "costPerResult": "25.00",  # 50 / 2 = 25
    "roas": 2.0,  # 99.998 / 50 = 1.99996
    "cr1": 0.0,  # no contentViews
    "cr2": 0.0,  # no checkoutInitiated
    "cr": 0.0,  # no contentViews
}

COAST = {
    "spend": "20.00",  # 8 + 12 = 20
    "impressions": 2400,  # 1000 + 1400 = 2400
    "linkClicks": 42,  # 20 + 22 = 42
    "contentViews": 24,  # 10 + 14 = 24
    "addToCart": 10,  # 4 + 6 = 10
    "checkoutInitiated": 6,  # 2 + 4 = 6
    "purchases": 2,  # 1 + 1 = 2
    "purchaseValue": "40.00",  # 16 + 24.001 = 40.001
    "cpm": "8.33",  # 20 / 2400 * 1000 = 8.333333…
    "ctr": 1.75,  # 42 / 2400 * 100 = 1.75
    "cpc": "0.48",  # 20 / 42 = 0.476190…
    "cpv": "0.83",  # 20 / 24 = 0.833333…
    "costPerAddToCart": "2.00",  # 20 / 10 = 2
    "costPerCheckout": "3.33",  # 20 / 6 = 3.333333…
    "costPerPurchase": "10.00",  # 20 / 2 = 10
    "results": 2,  # purchases
    "costPerResult": "10.00",  # 20 / 2 = 10
    "roas": 2.0001,  # 40.001 / 20 = 2.00005
    "cr1": 25.0,  # 6 / 24 * 100 = 25
    "cr2": 33.33,  # 2 / 6 * 100 = 33.333333…
    "cr": 8.33,  # 2 / 24 * 100 = 8.333333…
}

# Yen: no decimals for amounts, two for costs.
EDO = {
    "spend": "1501",
    "impressions": 1000,
    "linkClicks": 30,
    "contentViews": 8,
    "addToCart": 3,
    "checkoutInitiated": 2,
    "purchases": 1,
    "purchaseValue": "3001",
    "cpm": "1500.50",  # 1500.5 / 1000 * 1000 = 1500.5
    "ctr": 3.0,  # 30 / 1000 * 100 = 3
    "cpc": "50.02",  # 1500.5 / 30 = 50.016666…
    "cpv": "187.56",  # 1500.5 / 8 = 187.5625
    "costPerAddToCart": "500.17",  # 1500.5 / 3 = 500.166666…
    "costPerCheckout": "750.25",  # 1500.5 / 2 = 750.25
    "costPerPurchase": "1500.50",  # 1500.5 / 1 = 1500.5
    "results": 1,  # purchases
    "costPerResult": "1500.50",  # 1500.5 / 1 = 1500.5
    "roas": 2.0,  # 3001 / 1500.5 = 2
    "cr1": 25.0,  # 2 / 8 * 100 = 25
    "cr2": 50.0,  # 1 / 2 * 100 = 50
    "cr": 12.5,  # 1 / 8 * 100 = 12.5
}

# The yen of the days before: 26 February.
EDO_BEFORE = {
    "spend": "1000",
    "impressions": 2000,
    "linkClicks": 20,
    "contentViews": 10,
    "addToCart": 2,
    "checkoutInitiated": 1,
    "purchases": 0,
    "purchaseValue": "0",
    "cpm": "500.00",  # 1000 / 2000 * 1000 = 500
    "ctr": 1.0,  # 20 / 2000 * 100 = 1
    "cpc": "50.00",  # 1000 / 20 = 50
    "cpv": "100.00",  # 1000 / 10 = 100
    "costPerAddToCart": "500.00",  # 1000 / 2 = 500
    "costPerCheckout": "1000.00",  # 1000 / 1 = 1000
    "costPerPurchase": "0.00",  # no purchases
    "results": 0,  # purchases
    "costPerResult": "0.00",  # no purchases
    "roas": 0.0,  # 0 / 1000 = 0
    "cr1": 10.0,  # 1 / 10 * 100 = 10
    "cr2": 0.0,  # 0 / 1 * 100 = 0
    "cr": 0.0,  # 0 / 10 * 100 = 0
}

# All campaigns in dollars: Alpha, Beta (archived) and Coast.
DOLLARS = {
    "spend": "170.13",  # 100.125 + 50 + 20 = 170.125
    "impressions": 22400,  # 16000 + 4000 + 2400 = 22400
    "linkClicks": 222,  # 180 + 0 + 42 = 222
    "contentViews": 114,  # 90 + 0 + 24 = 114
    "addToCart": 55,  # 45 + 0 + 10 = 55
    "checkoutInitiated": 30,  # 24 + 0 + 6 = 30
    "purchases": 9,  # 5 + 2 + 2 = 9
    "purchaseValue": "390.31",  # 250.3125 + 99.998 + 40.001 = 390.3115
    "cpm": "7.59",  # 170.125 / 22400 * 1000 = 7.594866…
    "ctr": 0.99,  # 222 / 22400 * 100 = 0.991071…
    "cpc": "0.77",  # 170.125 / 222 = 0.766328…
    "cpv": "1.49",  # 170.125 / 114 = 1.492324…
    "costPerAddToCart": "3.09",  # 170.125 / 55 = 3.093181…
    "costPerCheckout": "5.67",  # 170.125 / 30 = 5.670833…
    "costPerPurchase": "18.90",  # 170.125 / 9 = 18.902777…
    "results": 9,  # purchases
    "costPerResult": "18.90",  # 170.125 / 9 = 18.902777…
    "roas": 2.2943,  # 390.3115 / 170.125 = 2.294263…
    "cr1": 26.32,  # 30 / 114 * 100 = 26.315789…
    "cr2": 30.0,  # 9 / 30 * 100 = 30
    "cr": 7.89,  # 9 / 114 * 100 = 7.894736…
}

# Alpha and Coast, in the 7 days before.
DOLLARS_BEFORE = {
    "spend": "90.10",  # 80.1 + 10 = 90.1
    "impressions": 13000,  # 12000 + 1000 = 13000
    "linkClicks": 130,  # 120 + 10 = 130
    "contentViews": 65,  # 60 + 5 = 65
    "addToCart": 0,  # 0 + 0 = 0
    "checkoutInitiated": 16,  # 16 + 0 = 16
    "purchases": 4,  # 4 + 0 = 4
    "purchaseValue": "100.00",  # 100 + 0 = 100
    "cpm": "6.93",  # 90.1 / 13000 * 1000 = 6.930769…
    "ctr": 1.0,  # 130 / 13000 * 100 = 1
    "cpc": "0.69",  # 90.1 / 130 = 0.693076…
    "cpv": "1.39",  # 90.1 / 65 = 1.386153…
    "costPerAddToCart": "0.00",  # no addToCart
    "costPerCheckout": "5.63",  # 90.1 / 16 = 5.63125
    "costPerPurchase": "22.53",  # 90.1 / 4 = 22.525
    "results": 4,  # purchases
    "costPerResult": "22.53",  # 90.1 / 4 = 22.525
    "roas": 1.1099,  # 100 / 90.1 = 1.109877…
    "cr1": 24.62,  # 16 / 65 * 100 = 24.615384…
    "cr2": 25.0,  # 4 / 16 * 100 = 25
    "cr": 6.15,  # 4 / 65 * 100 = 6.153846…
}

NOTHING = {
    "spend": "0.00",
    "impressions": 0,
    "linkClicks": 0,
    "contentViews": 0,
    "addToCart": 0,
    "checkoutInitiated": 0,
    "purchases": 0,
    "purchaseValue": "0.00",
    "cpm": "0.00",  # no impressions
    "ctr": 0.0,  # no impressions
    "cpc": "0.00",  # no linkClicks
    "cpv": "0.00",  # no contentViews
    "costPerAddToCart": "0.00",  # no addToCart
    "costPerCheckout": "0.00",  # no checkoutInitiated
    "costPerPurchase": "0.00",  # no purchases
    "results": 0,  # purchases
    "costPerResult": "0.00",  # no purchases
    "roas": 0.0,  # no spend
    "cr1": 0.0,  # no contentViews
    "cr2": 0.0,  # no checkoutInitiated
    "cr": 0.0,  # no contentViews
}

# Of Alpha's 2 March, as it was told at 16:45.
SECOND_REPORT = {
    "spend": "38.00",
    "impressions": 5800,
    "linkClicks": 68,
    "contentViews": 38,
    "addToCart": 19,
    "checkoutInitiated": 9,
    "purchases": 1,
    "purchaseValue": "50.00",
    "cpm": "6.55",  # 38 / 5800 * 1000 = 6.551724…
    "ctr": 1.17,  # 68 / 5800 * 100 = 1.172413…
    "cpc": "0.56",  # 38 / 68 = 0.558823…
    "cpv": "1.00",  # 38 / 38 = 1
    "costPerAddToCart": "2.00",  # 38 / 19 = 2
    "costPerCheckout": "4.22",  # 38 / 9 = 4.222222…
    "costPerPurchase": "38.00",  # 38 / 1 = 38
    "results": 1,  # purchases
    "costPerResult": "38.00",  # 38 / 1 = 38
    "roas": 1.3158,  # 50 / 38 = 1.315789…
    "cr1": 23.68,  # 9 / 38 * 100 = 23.684210…
    "cr2": 11.11,  # 1 / 9 * 100 = 11.111111…
    "cr": 2.63,  # 1 / 38 * 100 = 2.631578…
}

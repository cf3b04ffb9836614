"""Digest: a day's articles and briefs become one edition, by mail and as feeds.

Read `model`, `pipeline`, `store.journal` and `jobs`, and you have seen the product.
"""

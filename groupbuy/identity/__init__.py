"""Who people are and what they may do.

Owns: shoppers, staff, logins (sessions), roles and the permission table.
Calls: vendors (WeChat login).
Announces: nothing yet.
"""

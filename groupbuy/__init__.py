"""groupbuy: the backend of a community group-buying mini-program (社区团购)."""

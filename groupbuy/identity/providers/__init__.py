"""Ways to prove who a shopper is: WeChat's, and the demo's."""

"""Shipped testing tools: conformance suites, doubles and stand-ins. May use every floor below the surfaces."""

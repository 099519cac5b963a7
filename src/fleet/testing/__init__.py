"""Shipped testing tools: conformance suites, doubles, stand-ins. May use every floor below the surfaces."""

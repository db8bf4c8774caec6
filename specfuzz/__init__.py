"""specfuzz: a contract fuzzer for HTTP APIs.

It reads an OpenAPI document, derives who may do what to whose objects and which fields a client may write, and tries
to break those promises against the running API.
"""

__version__ = "0.1.0"

"""The faults that a run injects: each is a generator of a Run under a name, in the module of what it hits.

Up to its `yield` a fault injects and waits until it shows; after it, it heals what the processes cannot heal for
themselves, and returns its proof: what was seen to happen. A fault that finds no proof fails the run.

| fault | where |
|---|---|
| F1, F2, F6, F7, F19, F20 | workers |
| F3, F4, F5 | brokers |
| F8, F9, F10 | messages |
| F11, F12, F15 | store_loss |
| F13 | connections |
| F14, F24 | store_state |
| F17 | servers |

These have tests of their own:

| fault | tests |
|---|---|
| F16 overload | tests/benchmarks/overload.py, tests/unit/serve/overload |
| F18 abusive callers | tests/contract/test_read_service_limits.py, tests/integration/serve/test_serve.py |
| F21 an author with a million posts | tests/integration/store/test_script_bounds.py, test_store_histories.py |
| F22 other versions of the schema | tests/contract/test_schema.py, tests/integration/store/test_member_versions.py |
| F23 certificates and passwords | tests/integration/security |
"""

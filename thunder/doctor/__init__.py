"""`thunder doctor`: checks the dependencies of a role without changing anything.

A role and its flags enter; findings leave, each with a verdict, a fact and a remedy. main reads the settings of the
role as the role itself would, checks lists what each role needs, the probes ask Kafka and Redis, and the rules (pure)
turn the answers into findings. Nothing is written: rights to write are tried in a transaction that is discarded.

Read in this order: main, checks, kafka_probe and kafka_rules, redis_probe, redis_rules and redis_rights.
"""

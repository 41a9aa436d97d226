"""Settings: typed models, and how flags, environment and file become one of them.

A command's model enters with a command line and an environment; a checked, frozen instance leaves, or a
ConfigurationError with a line for each mistake. Flags win over the environment, the environment over the file. An
unknown name is an error with a suggestion. No error, log or help ever quotes a value, which may be a secret. A role
ignores the settings of other roles in the environment and the file, but not their flags.

Read in this order: types (the vocabulary), process (a small family), schema (a model as data), flags and sources
(the readers), loader. The families are process, kafka, redis, ingest, serve, producer, source and follows; combined
joins ingest and serve.
"""

"""Faults planted in the product, which its tests must find: python -m tests.mutation --seed N --count K.

A mutant is one small change of a module or a script: a comparison flipped, a statement dropped, an error swallowed, a
constant off by one, two calls swapped, a condition negated. The seed draws mutants from all that the operators make of
the files in targets.py. Each is put into a copy of the tree, where the tests of its file run. A mutant that they let
pass has survived: it is printed as a diff, and the command ends with code 1. Then a test is missing, or the mutant
changes nothing that a user could see, and equivalents.py says why.

Read mutants (what a mutant is), python_operators and lua_operators (pure), targets, equivalents, workspace (the copy).
"""

"""What a shell makes of the command line of a health check while the service is down, or answers with errors.

The line is read by a grammar (tree-sitter-bash) and followed along every way that it may take. What is not known has
every outcome, so that only what all ways have in common is ever said.
"""

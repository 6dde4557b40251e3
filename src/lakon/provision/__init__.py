"""Archives and template in, stack out. The only room that imports boto3, and that in session.py alone.

session     the door to AWS: clients, and every error of theirs as a LakonError
artifacts   the bucket, and what has to lie in it
changes     change sets: what would happen
stack       provision: the whole way from a template to a stack at rest
progress    following an operation, event by event
failure     the first cause; reasons is the table of those that are known
deployed    what a stack was made of
releases    what it was made of before
drift       what was changed beside CloudFormation
adoption    existing resources, taken into a stack
deletion    delete: empty, keep, remove
status, invocation, logs    looking at what runs
"""

"""What would become of a stack if it were provisioned: two templates with their parameters in, one `Difference` out.

Pure: no call to AWS, no file but the table of properties that cannot be changed in place.

values        parts of a template as paths and leaves, and how a leaf is shown
resources     what is added, changed (property by property), replaced and removed
schemas       what AWS's resource schemas say: which changes make a resource anew, what identifies one
losses        data that would be lost
access        statements of IAM, and those that allow more than before
code          archives that are exchanged, file by file
whole         all of that together
"""

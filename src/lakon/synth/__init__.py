"""Declaration in, CloudFormation template out. Pure: no files, no network, no clock."""

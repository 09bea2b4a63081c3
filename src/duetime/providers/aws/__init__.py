"""Amazon Web Services, through boto3, which is imported here alone and not before the first call."""

"""The names of cloud types, as accounts and actions give them."""

from enum import StrEnum


class CloudType(StrEnum):
    """Whose cloud an account lives in. Which of them can be reached is the providers' business."""

    ALICLOUD = "ALICLOUD"
    AMAZON_WEB_SERVICES = "AWS"
    AMAZON_WEB_SERVICES_CHINA = "AWS_CHINA"
    AMAZON_WEB_SERVICES_GOV = "AWS_GOV"
    AZURE_ARM = "AZURE_ARM"
    GOOGLE_CLOUD_PLATFORM = "GCE"
    KUBERNETES = "K8S"

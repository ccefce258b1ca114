"""Lists the workload domains every minute for some hours, with the VCF SDK for Python in a withVcfToken block."""

import os
import time
from pathlib import Path

import requests
from vmware.sddc_manager_client import StubFactory
from vmware.vapi.bindings.stub import ApiClient
from vmware.vapi.lib.connect import get_requests_connector
from vmware.vapi.security.client.security_context_filter import SecurityContextFilter
from vmware.vapi.security.oauth import create_oauth_security_context
from vmware.vapi.stdlib.client.factories import StubConfigurationFactory


class TokenFileFilter(SecurityContextFilter):
    """Reads the token file for each call, so that a renewed access token is used at once."""

    def get_security_context(self, on_error):
        return create_oauth_security_context(Path(os.environ["VCF_TOKEN_FILE"]).read_text())

    def get_max_retries(self):
        return 0

    def should_retry(self, error_value):
        return False


connector = get_requests_connector(
    session=requests.Session(),
    msg_protocol="rest",
    url=os.environ["VCF_URL"],
    provider_filter_chain=[TokenFileFilter()],
)
client = ApiClient(StubFactory(StubConfigurationFactory.new_std_configuration(connector)))

for _ in range(int(os.environ.get("ROUNDS", "180"))):
    for domain in client.v1.Domains.get_domains().elements:
        print(domain.name, domain.status)
    time.sleep(float(os.environ.get("PAUSE", "60")))

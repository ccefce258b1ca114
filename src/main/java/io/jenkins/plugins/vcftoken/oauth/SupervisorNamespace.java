package io.jenkins.plugins.vcftoken.oauth;

/**
 * A Supervisor namespace of an organization of VCF Automation.
 *
 * @param name unique in its organization; also the name of the Kubernetes namespace at the endpoint
 * @param project the project that it belongs to
 * @param endpoint the address of its Kubernetes API, at the server of the account
 */
public record SupervisorNamespace(String name, String project, String endpoint) {}

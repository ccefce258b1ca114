package io.jenkins.plugins.vcftoken.oauth;

/**
 * A Supervisor namespace of an organization in VCF Automation.
 *
 * @param name unique in the organization; also the name of the Kubernetes namespace at the endpoint
 * @param project name of its project
 * @param endpoint URL of its Kubernetes API on the server of the account
 */
public record SupervisorNamespace(String name, String project, String endpoint) {}

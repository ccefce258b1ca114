/**
 * Credentials from labelled Kubernetes Secrets, and their rotated tokens back into these. Entry point:
 * {@link io.jenkins.plugins.vcftoken.kubernetes.KubernetesSecretConverter}, which exists only where the plugins
 * kubernetes-credentials-provider and kubernetes-client-api are installed; nothing outside of this package names a class of
 * it. No locks; calls of the API server block the calling thread for ten seconds at most.
 */
package io.jenkins.plugins.vcftoken.kubernetes;

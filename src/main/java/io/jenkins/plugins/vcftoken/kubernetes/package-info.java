/**
 * Credentials from labeled Kubernetes Secrets, and write-back of rotated tokens into these. Entry point:
 * {@link io.jenkins.plugins.vcftoken.kubernetes.KubernetesSecretConverter}, which is only loaded if the plugins
 * kubernetes-credentials-provider and kubernetes-client-api are installed; no other package refers to its classes. No
 * locks across calls of the API server, which block the calling thread for up to ten seconds.
 */
package io.jenkins.plugins.vcftoken.kubernetes;

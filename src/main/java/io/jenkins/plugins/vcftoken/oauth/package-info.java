/**
 * Clients of the token APIs of VCF Automation, SDDC Manager and Cloud Services, and the one HTTP client below them.
 *
 * <p>Entry point: {@link io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient}, with one implementation for each API;
 * for the device flow {@link io.jenkins.plugins.vcftoken.oauth.DeviceFlow}. The package decides what a response means
 * for the secret that was sent ({@link io.jenkins.plugins.vcftoken.oauth.TokenRequestException}); it stores nothing but
 * {@link io.jenkins.plugins.vcftoken.oauth.ServerCapabilities}. It imports no Jenkins class.
 *
 * <p>Threads: calls block the caller, for at most the call timeout of the client for each request; the package starts
 * no threads. Locks: {@code ServerCapabilities} and {@code DeviceFlow} use their own monitors. A {@code DeviceFlow}
 * holds its monitor while it sends and saves; {@code ServerCapabilities} comes after it and calls nothing else.
 */
package io.jenkins.plugins.vcftoken.oauth;

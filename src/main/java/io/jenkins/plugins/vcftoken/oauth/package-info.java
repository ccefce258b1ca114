/**
 * Clients of the token APIs of VCF Automation, SDDC Manager, Cloud Services, VCF SSO, VCF Operations and vCenter, and
 * their HTTP client. Imports no Jenkins classes.
 *
 * <p>Entry points: {@link io.jenkins.plugins.vcftoken.oauth.TokenClient}, with one implementation for each API,
 * and {@link io.jenkins.plugins.vcftoken.oauth.DeviceFlow}. The package determines whether a failed request may have
 * consumed the secret ({@link io.jenkins.plugins.vcftoken.oauth.TokenRequestException}). It stores only
 * {@link io.jenkins.plugins.vcftoken.oauth.ServerCapabilities}.
 *
 * <p>Threads: calls block, for at most the call timeout for each request; the package starts no threads. Locks:
 * {@code DeviceFlow} holds its monitor while it sends and saves, and may acquire that of {@code ServerCapabilities},
 * which acquires no other locks.
 */
package io.jenkins.plugins.vcftoken.oauth;

/**
 * Leases on access tokens that are renewed while a block uses them. Decides when to renew, which leases share an access
 * token, and when the session at the server ends. Owners can mask an access token before it becomes visible.
 *
 * <p>Entry point: {@link io.jenkins.plugins.vcftoken.lease.LeaseManager}. Lock order: {@code LeaseManager}, then a
 * {@code AutoRenewingToken}; no request is sent while holding either. Timer threads start renewals and do not block;
 * renewals run on the request threads of {@link io.jenkins.plugins.vcftoken.rotation.TokenManager}. Owners and
 * listeners are called on the thread of the event.
 */
package io.jenkins.plugins.vcftoken.lease;

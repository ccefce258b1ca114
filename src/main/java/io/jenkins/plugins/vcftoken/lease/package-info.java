/**
 * Leases: an access token for each credential that is renewed while a block uses it. Owns when to renew, which leases
 * share an access token, and when a server's session ends; promises that owners can mask an access token before it is
 * visible.
 *
 * <p>Entry point: {@link io.jenkins.plugins.vcftoken.lease.LeaseManager}. Lock order: {@code LeaseManager}, then a
 * {@code RenewedToken}; both are held only for memory, and no request is made under either. Timer threads start
 * renewals and do not block; renewals run on the request threads of
 * {@link io.jenkins.plugins.vcftoken.rotation.TokenManager}. Owners and listeners are called on the thread of the
 * event.
 */
package io.jenkins.plugins.vcftoken.lease;

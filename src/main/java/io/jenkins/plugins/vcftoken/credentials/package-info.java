/**
 * The kinds of credential: fields, form, checks of the form, and <em>Test connection</em>. A kind is one class that extends
 * {@link io.jenkins.plugins.vcftoken.credentials.AbstractVcfCredentials}, with its form and the help of its fields in the
 * resources of that name.
 *
 * <p>Threads: getters and checks run on request and build threads; {@code getSecret} and <em>Test connection</em> wait for a
 * server. Credentials are immutable once stored, and the package has no locks.
 */
package io.jenkins.plugins.vcftoken.credentials;

/**
 * Credential kinds: fields, form, form validation and <em>Test connection</em>. A kind is a subclass of {@link
 * io.jenkins.plugins.vcftoken.credentials.AbstractVcfCredentials}, with its form and help files in the resources of the
 * same name.
 *
 * <p>Threads: getters and validations run on request and build threads; {@code getSecret} and <em>Test connection</em>
 * block until a server responds. Credentials are immutable after they are stored. The only lock, in {@link
 * io.jenkins.plugins.vcftoken.credentials.ConnectionTester}, is not held during calls to other classes.
 */
package io.jenkins.plugins.vcftoken.credentials;

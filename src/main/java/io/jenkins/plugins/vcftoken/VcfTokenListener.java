package io.jenkins.plugins.vcftoken;

import hudson.ExtensionPoint;
import io.jenkins.plugins.vcftoken.rotation.TokenListener;

/**
 * Extension point for plugins that observe token requests and leases, such as for metrics or an audit log.
 *
 * <p>Methods are called on the threads that request tokens, with no lock held that a listener can need, and should return
 * quickly. A {@link RuntimeException} is logged and has no other effect. What is passed may contain secrets.
 */
public interface VcfTokenListener extends TokenListener, ExtensionPoint {}

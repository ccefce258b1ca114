package io.jenkins.plugins.vcftoken;

import hudson.ExtensionPoint;
import io.jenkins.plugins.vcftoken.rotation.TokenEventListener;

/**
 * Extension point for plugins that observe token requests and leases, for example for metrics or an audit log.
 *
 * <p>Methods are called on the threads that request tokens, without any lock that a listener could need, and should
 * return quickly. A {@link RuntimeException} is logged and otherwise ignored. Arguments may contain secrets.
 */
public interface VcfTokenListener extends TokenEventListener, ExtensionPoint {}

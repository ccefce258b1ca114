package io.jenkins.plugins.vcftoken;

import hudson.ExtensionPoint;
import io.jenkins.plugins.vcftoken.rotation.TokenListener;

/** A {@link TokenListener} that Jenkins finds. */
public interface VcfTokenListener extends TokenListener, ExtensionPoint {}

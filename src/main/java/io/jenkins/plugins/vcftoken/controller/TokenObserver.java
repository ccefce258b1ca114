package io.jenkins.plugins.vcftoken.controller;

import hudson.ExtensionPoint;
import io.jenkins.plugins.vcftoken.family.TokenListener;

/** A {@link TokenListener} that Jenkins finds. */
public interface TokenObserver extends TokenListener, ExtensionPoint {}

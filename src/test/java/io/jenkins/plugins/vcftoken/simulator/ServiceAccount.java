package io.jenkins.plugins.vcftoken.simulator;

import java.util.HashSet;
import java.util.Set;

/** Service account of the simulated VCF Automation. Guarded by the simulator. */
final class ServiceAccount {

    final String name;
    final String organization;
    boolean rotates = true;
    boolean revoked;
    String current;
    final Set<String> formerTokens = new HashSet<>();

    ServiceAccount(String name, String organization, String current) {
        this.name = name;
        this.organization = organization;
        this.current = current;
    }

    boolean has(String token) {
        return current.equals(token) || formerTokens.contains(token);
    }

    /** Whether the server returns this token unchanged on refresh. */
    boolean isNonRotating(String token) {
        return !rotates && current.equals(token);
    }
}

package io.jenkins.plugins.vcftoken.exchange;

import java.net.URI;
import java.util.Locale;

/**
 * Which system a secret belongs to, and to whom there.
 *
 * @param system the product, as the vendor writes it
 * @param url the address the administrator stored
 * @param organization the organization's name or ID, as the system wants it; empty where it knows none or was told none
 * @param account the user or app that the secret belongs to, with whatever else makes for another bearer (scopes);
 *     empty where the secret alone tells
 */
public record Endpoint(String system, URI url, String organization, String account) {

    public Endpoint(String system, URI url, String organization) {
        this(system, url, organization, "");
    }

    /**
     * The same for two spellings of one endpoint, and different for any two endpoints that could answer a secret
     * differently. Part of each token's hash: the same token at another address is another token.
     */
    public String identity() {
        return system + '|' + host() + '|' + organization.toLowerCase(Locale.ROOT) + (account.isEmpty() ? "" : '|' + account);
    }

    /** Whether it is the same one, however its address is spelled; {@code equals} compares that, too. */
    public boolean isSameAs(Endpoint other) {
        return identity().equals(other.identity());
    }

    /** The server alone, with its port. */
    public String host() {
        int port = url.getPort() != -1 ? url.getPort() : 443;
        return String.valueOf(url.getHost()).toLowerCase(Locale.ROOT) + ':' + port;
    }

    /** For messages: "VCF Automation at https://vcfa.example.com, organization 'acme'". */
    public String description() {
        return system + " at " + url
                + (organization.isEmpty() ? "" : ", organization '" + organization + "'")
                + (account.isEmpty() ? "" : ", account '" + account + "'");
    }
}

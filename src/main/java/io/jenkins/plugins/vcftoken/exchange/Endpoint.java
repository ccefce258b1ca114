package io.jenkins.plugins.vcftoken.exchange;

import java.net.URI;
import java.util.Locale;

/**
 * Which system a secret belongs to.
 *
 * @param system the product, as the vendor writes it
 * @param url the address the administrator stored
 * @param organization the organization's name; empty where the system knows none
 */
public record Endpoint(String system, URI url, String organization) {

    /**
     * The same for two spellings of one endpoint, and different for any two endpoints that could answer a secret
     * differently. Part of each token's hash: the same token at another address is another token.
     */
    public String identity() {
        return system + '|' + host() + '|' + organization;
    }

    /** The server alone, with its port. */
    public String host() {
        int port = url.getPort() != -1 ? url.getPort() : 443;
        return String.valueOf(url.getHost()).toLowerCase(Locale.ROOT) + ':' + port;
    }

    /** For messages: "VCF Automation at https://vcfa.example.com, organization 'acme'". */
    public String description() {
        return system + " at " + url + (organization.isEmpty() ? "" : ", organization '" + organization + "'");
    }
}

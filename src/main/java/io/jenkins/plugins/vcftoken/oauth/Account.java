package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import okhttp3.HttpUrl;

/**
 * Which system a secret belongs to, and to whom there.
 *
 * @param system the product, as the vendor writes it
 * @param url the address the administrator stored
 * @param organization the organization's name or ID, as the system wants it; empty where it knows none or was told none
 * @param name the user or app that the secret belongs to, with whatever else makes for another access token (scopes);
 *     empty where the secret alone tells
 */
public record Account(String system, URI url, String organization, String name) {

    public Account(String system, URI url, String organization) {
        this(system, url, organization, "");
    }

    /**
     * The address of a server, as a person wrote it.
     *
     * @throws IllegalArgumentException when it is none, or one that programs read differently
     */
    public static URI address(String text) {
        URI url;
        try {
            url = new URI(text);
        } catch (URISyntaxException e) {
            throw noAddress(text);
        }
        if (parsed(url) == null) {
            throw noAddress(text);
        }
        return url;
    }

    private static IllegalArgumentException noAddress(String text) {
        return new IllegalArgumentException("'" + text + "' is no address of a server");
    }

    /**
     * What is compared and what is connected to are one reading, that of the HTTP client. Where another parser sees
     * another host in the same text, or none, a person and a check may do as well.
     *
     * @return null when it is refused
     */
    @CheckForNull
    private static HttpUrl parsed(URI url) {
        HttpUrl read = HttpUrl.parse(url.toString());
        if (read == null || url.getHost() == null || url.getRawUserInfo() != null) {
            return null;
        }
        HttpUrl again = HttpUrl.parse(
                url.getScheme() + "://" + url.getHost() + (url.getPort() == -1 ? "" : ":" + url.getPort()));
        boolean agree = again != null && again.host().equals(read.host()) && again.port() == read.port();
        return agree ? read : null;
    }

    /**
     * Below which the paths of requests are.
     *
     * @throws IllegalArgumentException when the address is one that {@link #address} refuses
     */
    HttpUrl base() {
        HttpUrl read = parsed(url);
        if (read == null) {
            throw noAddress(url.toString());
        }
        return read;
    }

    /**
     * The same for two spellings of one endpoint, and different for any two endpoints that could answer a secret
     * differently. Part of each token's hash: the same token at another address is another token.
     *
     * <p>VCF Automation and Cloud Director take the name of an organization in any case.
     */
    public String identity() {
        String which = system.equals(VcfaTokenClient.SYSTEM) ? organization.toLowerCase(Locale.ROOT) : organization;
        return system + '|' + host() + '|' + which + (name.isEmpty() ? "" : '|' + name);
    }

    /** Whether it is the same one, however its address is spelled; {@code equals} compares that, too. */
    public boolean isSameAs(Account other) {
        return equals(other) || identity().equals(other.identity());
    }

    /** The server alone, with its port. Of an address that is refused, which leads to no server, all of it. */
    public String host() {
        HttpUrl read = parsed(url);
        if (read == null) {
            return url.toString();
        }
        boolean isUsual = read.port() == HttpUrl.defaultPort(read.scheme());
        return read.host() + ':' + (isUsual ? HttpUrl.defaultPort("https") : read.port());
    }

    /** For messages: "VCF Automation at https://vcfa.example.com, organization 'acme'". */
    public String description() {
        return system + " at " + url
                + (organization.isEmpty() ? "" : ", organization '" + organization + "'")
                + (name.isEmpty() ? "" : ", account '" + name + "'");
    }
}

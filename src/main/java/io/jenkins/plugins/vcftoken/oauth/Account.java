package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import okhttp3.HttpUrl;

/**
 * The account of a secret, and its server.
 *
 * @param system name of the product
 * @param url the server URL as stored
 * @param organization name or ID of the organization, as required by the system; empty for systems without
 *     organizations
 * @param name the user or app, with all request parameters that result in a different access token (scopes); empty if
 *     the secret identifies the account
 */
public record Account(String system, URI url, String organization, String name) {

    public Account(String system, URI url, String organization) {
        this(system, url, organization, "");
    }

    /**
     * Parses a server URL.
     *
     * @throws IllegalArgumentException if the text is not a URL, or if URL parsers disagree about its host or port
     */
    public static URI address(String text) {
        URI url;
        try {
            url = new URI(text);
        } catch (URISyntaxException e) {
            throw invalidUrl(text);
        }
        if (parse(url) == null) {
            throw invalidUrl(text);
        }
        return url;
    }

    private static IllegalArgumentException invalidUrl(String text) {
        return new IllegalArgumentException("‘" + text + "’ is not a valid URL");
    }

    /**
     * Parses with the parser of the HTTP client, so that compared and connected hosts are the same. A URL in which
     * another parser finds a different host, or none, could pass a check and lead to another server.
     *
     * @return null if the parsers disagree
     */
    @CheckForNull
    private static HttpUrl parse(URI url) {
        HttpUrl parsed = HttpUrl.parse(url.toString());
        if (parsed == null || url.getHost() == null || url.getRawUserInfo() != null) {
            return null;
        }
        HttpUrl reparsed = HttpUrl.parse(
                url.getScheme() + "://" + url.getHost() + (url.getPort() == -1 ? "" : ":" + url.getPort()));
        boolean isSame = reparsed != null && reparsed.host().equals(parsed.host()) && reparsed.port() == parsed.port();
        return isSame ? parsed : null;
    }

    /**
     * Base URL of all requests.
     *
     * @throws IllegalArgumentException if {@link #address} rejects the URL
     */
    HttpUrl base() {
        HttpUrl parsed = parse(url);
        if (parsed == null) {
            throw invalidUrl(url.toString());
        }
        return parsed;
    }

    /**
     * Normalized form: equal for two spellings of the same account, different for accounts for which a server could
     * respond differently to the same secret. Part of the hash of each token, so the same token at another URL is a
     * different token.
     *
     * <p>Organization names of VCF Automation and Cloud Director are case-insensitive.
     */
    public String identity() {
        String organizationKey =
                system.equals(VcfaTokenClient.SYSTEM) ? organization.toLowerCase(Locale.ROOT) : organization;
        return system + '|' + host() + '|' + organizationKey + (name.isEmpty() ? "" : '|' + name);
    }

    /** Compares {@link #identity}; {@code equals} compares the spelling of the URL as well. */
    public boolean isSameAs(Account other) {
        return equals(other) || identity().equals(other.identity());
    }

    /** Host and port of the server; the whole URL if {@link #address} rejects it. */
    public String host() {
        HttpUrl parsed = parse(url);
        if (parsed == null) {
            return url.toString();
        }
        boolean isDefaultPort = parsed.port() == HttpUrl.defaultPort(parsed.scheme());
        return parsed.host() + ':' + (isDefaultPort ? HttpUrl.defaultPort("https") : parsed.port());
    }

    /** For messages, such as "VCF Automation at https://vcfa.example.com, organization ‘acme’". */
    public String description() {
        return system + " at " + url
                + (organization.isEmpty() ? "" : ", organization ‘" + organization + "’")
                + (name.isEmpty() ? "" : ", account ‘" + name + "’");
    }
}

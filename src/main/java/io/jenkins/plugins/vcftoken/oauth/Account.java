package io.jenkins.plugins.vcftoken.oauth;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import okhttp3.HttpUrl;

/**
 * The account that a secret belongs to, and its server.
 *
 * @param system the product, as the vendor writes it
 * @param url the stored address of the server
 * @param organization name or ID of the organization, as the system wants it; empty for systems without organizations
 * @param name the user or app that the secret belongs to, with everything else that leads to another access token
 *     (scopes); empty where the secret identifies the account
 */
public record Account(String system, URI url, String organization, String name) {

    public Account(String system, URI url, String organization) {
        this(system, url, organization, "");
    }

    /**
     * Parses the address of a server.
     *
     * @throws IllegalArgumentException when the text is no such address, or one that parsers read differently
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
        return new IllegalArgumentException("‘" + text + "’ is not a valid URL");
    }

    /**
     * Parses with the parser of the HTTP client, so that addresses are compared as they are connected to. An address in
     * which another parser finds another host, or none, could pass a check and lead elsewhere.
     *
     * @return null for such an address
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
     * The address below which the paths of requests are.
     *
     * @throws IllegalArgumentException when {@link #address} rejects it
     */
    HttpUrl base() {
        HttpUrl read = parsed(url);
        if (read == null) {
            throw noAddress(url.toString());
        }
        return read;
    }

    /**
     * A text that is equal for two spellings of one account, and differs for accounts whose server could respond
     * differently to the same secret. Part of the hash of each token: the same token at another address is another
     * token.
     *
     * <p>VCF Automation and Cloud Director accept the name of an organization in any case.
     */
    public String identity() {
        String which = system.equals(VcfaTokenClient.SYSTEM) ? organization.toLowerCase(Locale.ROOT) : organization;
        return system + '|' + host() + '|' + which + (name.isEmpty() ? "" : '|' + name);
    }

    /** Whether both are the same account, however the address is spelled; {@code equals} compares the spelling, too. */
    public boolean isSameAs(Account other) {
        return equals(other) || identity().equals(other.identity());
    }

    /** Host and port of the server; the whole address if {@link #address} rejects it. */
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
                + (organization.isEmpty() ? "" : ", organization ‘" + organization + "’")
                + (name.isEmpty() ? "" : ", account ‘" + name + "’");
    }
}

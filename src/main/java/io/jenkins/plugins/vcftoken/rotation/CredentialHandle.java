package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;
import java.util.Objects;
import java.util.function.Function;

/**
 * A credential as {@link TokenManager} sees it: its secret, its location, the client of its server, and the writer of
 * rotated tokens. Compared by identity, since the location may change.
 */
public final class CredentialHandle {

    private final String name;
    private final CredentialLocation initialLocation;
    private final String token;
    private final TokenEndpointClient client;
    private final CredentialWriter writer;

    @CheckForNull
    private final Function<AccessToken, TokenEndpointClient> tenantClients;

    /** As the other constructor, for the credential's own access token. */
    public CredentialHandle(
            String name,
            CredentialLocation location,
            String token,
            TokenEndpointClient client,
            CredentialWriter writer) {
        this(name, location, token, client, writer, null);
    }

    /**
     * @param name for messages
     * @param location where the credential is stored, unless the writer returns a newer location; a former token leads
     *     to its family only from there
     * @param token the stored secret: the initial token, the current one, or one in between; a blank one counts as
     *     empty
     * @param client requests access tokens with it
     * @param writer writes a rotated token back to the location
     * @param tenantClients for the access token of another organization: makes the client that requests it with the
     *     credential's own access token; else null
     */
    public CredentialHandle(
            String name,
            CredentialLocation location,
            String token,
            TokenEndpointClient client,
            CredentialWriter writer,
            @CheckForNull Function<AccessToken, TokenEndpointClient> tenantClients) {
        this.name = name;
        this.initialLocation = location;
        this.token = token.isBlank() ? "" : token;
        this.client = client;
        this.writer = writer;
        this.tenantClients = tenantClients;
    }

    public String name() {
        return name;
    }

    /**
     * Where the credential is stored now. Changes when the folder of an open block's credential is renamed, so that no
     * family is bound to a name that another folder may have by then.
     */
    public CredentialLocation location() {
        CredentialLocation now = writer.location();
        return now == null ? initialLocation : now;
    }

    public String token() {
        return token;
    }

    public TokenEndpointClient client() {
        return client;
    }

    public CredentialWriter writer() {
        return writer;
    }

    @CheckForNull
    Function<AccessToken, TokenEndpointClient> tenantClients() {
        return tenantClients;
    }

    /**
     * The same credential with the secret and the settings that are stored now.
     *
     * @throws TokenUnavailableException when no access token can be requested with these
     */
    public CredentialHandle asStored() throws TokenUnavailableException {
        String storedToken = writer.stored(client.account());
        TokenEndpointClient storedClient = writer.client(client.account());
        return new CredentialHandle(
                name,
                initialLocation,
                storedToken == null || storedToken.isBlank() ? token : storedToken,
                storedClient == null ? client : storedClient,
                writer,
                tenantClients);
    }

    /** The same credential with another token of its account. */
    CredentialHandle withToken(String other) {
        return new CredentialHandle(name, initialLocation, other, client, writer, tenantClients);
    }

    /** The same credential for its own access token. */
    CredentialHandle forProvider() {
        return new CredentialHandle(name, initialLocation, token, client, writer);
    }

    /**
     * For the access token of another organization. Its family ID comes from the provider's family ID, which stays the
     * same while the provider's tokens rotate. There is no token to write back.
     *
     * @throws NullPointerException without {@link #tenantClients}
     */
    CredentialHandle forTenant(TokenResult provider) {
        return new CredentialHandle(
                name,
                location(),
                provider.familyId(),
                Objects.requireNonNull(tenantClients).apply(provider.accessToken()),
                (sameFamily, current, again) -> {});
    }

    /** For messages: "Credential 'sa' (VCF Automation at https://…, organization 'acme')". */
    public String description() {
        return "Credential '" + name + "' (" + client.account().description() + ")";
    }

    @Override
    public String toString() {
        return description();
    }
}

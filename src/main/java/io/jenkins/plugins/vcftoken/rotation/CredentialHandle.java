package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenEndpointClient;

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

    /** Null for the credential's own access token. */
    @CheckForNull
    private final CredentialHandle parent;

    /** Makes the {@link #issuer} of a handle with a parent, else the present {@link #client}; null where that never changes. */
    @CheckForNull
    private final ClientSource clients;

    /** Sent in place of the token; null where the token itself is sent. */
    @CheckForNull
    private final AccessToken parentToken;

    /**
     * Makes a client with the settings that the credential stores now: a person may have changed trusted certificates or
     * their verification since the block opened. May read a store, and sends nothing.
     */
    @FunctionalInterface
    public interface ClientSource {
        /** @throws TokenUnavailableException when no access token can be requested with these settings */
        TokenEndpointClient get() throws TokenUnavailableException;
    }

    /**
     * @param name for messages
     * @param location where the credential is stored, unless the writer returns a newer location; a former token leads
     *     to its family only from there
     * @param token the stored secret: the initial token, the current one, or one in between; a blank one counts as
     *     empty
     * @param client requests access tokens with it
     * @param writer writes a rotated token back to the location
     */
    public CredentialHandle(
            String name,
            CredentialLocation location,
            String token,
            TokenEndpointClient client,
            CredentialWriter writer) {
        this(name, location, token, client, writer, null, null, null);
    }

    /** @param clients makes the client again for {@link #asStored}, as long as the credential is of this account */
    public CredentialHandle(
            String name,
            CredentialLocation location,
            String token,
            TokenEndpointClient client,
            CredentialWriter writer,
            ClientSource clients) {
        this(name, location, token, client, writer, null, clients, null);
    }

    private CredentialHandle(
            String name,
            CredentialLocation location,
            String token,
            TokenEndpointClient client,
            CredentialWriter writer,
            @CheckForNull CredentialHandle parent,
            @CheckForNull ClientSource clients,
            @CheckForNull AccessToken parentToken) {
        this.name = name;
        this.initialLocation = location;
        this.token = token.isBlank() ? "" : token;
        this.client = client;
        this.writer = writer;
        this.parent = parent;
        this.clients = clients;
        this.parentToken = parentToken;
    }

    /**
     * The same credential for an access token that is requested with the one of this handle in place of a secret.
     *
     * @param derived makes the client, for which the access token of this handle is the secret
     */
    public CredentialHandle derive(ClientSource derived) {
        return new CredentialHandle(name, initialLocation, token, client, writer, this, derived, null);
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

    /** For the access token that the one of this handle is derived from; null for the credential's own. */
    @CheckForNull
    CredentialHandle parent() {
        return parent;
    }

    /** The client of the server that issues the access token of this handle. */
    TokenEndpointClient issuer() throws TokenUnavailableException {
        return parent == null || clients == null ? client : clients.get();
    }

    /** What is sent for a family of this handle. */
    String secretOf(TokenFamily family) {
        return parentToken == null ? family.tokens().current() : parentToken.value();
    }

    /**
     * The same credential with the secret and the settings that are stored now.
     *
     * @throws TokenUnavailableException when no access token can be requested with these
     */
    public CredentialHandle asStored() throws TokenUnavailableException {
        if (parent != null && clients != null) {
            return parent.asStored().derive(clients);
        }
        String storedToken = writer.stored(client.account());
        return new CredentialHandle(
                name,
                initialLocation,
                storedToken == null || storedToken.isBlank() ? token : storedToken,
                clients == null ? client : clients.get(),
                writer,
                null,
                clients,
                null);
    }

    /** The same credential with another token of its account. */
    CredentialHandle withToken(String other) {
        return new CredentialHandle(name, initialLocation, other, client, writer, parent, clients, parentToken);
    }

    /**
     * For one request of a derived access token. Its family ID comes from the parent's family ID, which stays the same
     * while the parent's tokens rotate. There is no token to write back.
     *
     * @param requestClient the {@link #issuer}
     */
    CredentialHandle forDerived(TokenEndpointClient requestClient, TokenResult parentResult) {
        return new CredentialHandle(
                name,
                location(),
                parentResult.familyId(),
                requestClient,
                (sameFamily, current, again) -> {},
                null,
                null,
                parentResult.accessToken());
    }

    /** For messages: "Credential ‘sa’ (VCF Automation at https://…, organization ‘acme’)". */
    public String description() {
        return "Credential ‘" + name + "’ (" + client.account().description() + ")";
    }

    @Override
    public String toString() {
        return description();
    }
}

package io.jenkins.plugins.vcftoken.rotation;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.TokenClient;

/**
 * The secret of a credential, its location, the client of its server, and the writer of rotated tokens. Compared by
 * identity, since the location may change.
 */
public final class CredentialHandle {

    private final String name;
    private final CredentialLocation initialLocation;
    private final String token;
    private final TokenClient client;
    private final CredentialWriter writer;

    /** Source of the access token that is sent in place of a secret; null where the secret is sent. */
    @CheckForNull
    private final CredentialHandle parent;

    /**
     * Creates the {@link #issuer} of a handle with a parent, else the {@link #client}; null if its settings never
     * change.
     */
    @CheckForNull
    private final ClientSource clients;

    /** Access token to send in place of the secret; null to send the secret. */
    @CheckForNull
    private final AccessToken parentToken;

    /**
     * Creates a client with the current settings of the credential: a user may have changed trusted certificates or
     * their verification since the block opened. May read a store; sends nothing.
     */
    @FunctionalInterface
    public interface ClientSource {
        /** @throws TokenUnavailableException when no access token can be requested with these settings */
        TokenClient get() throws TokenUnavailableException;
    }

    /**
     * @param name for messages
     * @param location used unless the writer returns a newer location
     * @param token the stored secret: the initial token, the current one, or one in between; a blank one counts as
     *     empty
     * @param writer writes a rotated token back to the location
     */
    public CredentialHandle(
            String name, CredentialLocation location, String token, TokenClient client, CredentialWriter writer) {
        this(name, location, token, client, writer, null, null, null);
    }

    /** @param clients creates the client of {@link #asStored} */
    public CredentialHandle(
            String name,
            CredentialLocation location,
            String token,
            TokenClient client,
            CredentialWriter writer,
            ClientSource clients) {
        this(name, location, token, client, writer, null, clients, null);
    }

    private CredentialHandle(
            String name,
            CredentialLocation location,
            String token,
            TokenClient client,
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
     * The same credential for an access token that is requested with the access token of this handle.
     *
     * @param derived creates the client, which takes the access token of this handle as the secret
     */
    public CredentialHandle derive(ClientSource derived) {
        return new CredentialHandle(name, initialLocation, token, client, writer, this, derived, null);
    }

    public String name() {
        return name;
    }

    /**
     * The current location. Changes when the folder of the credential is renamed, so that no family is bound to a name
     * that another folder may have by then.
     */
    public CredentialLocation location() {
        CredentialLocation now = writer.location();
        return now == null ? initialLocation : now;
    }

    public String token() {
        return token;
    }

    public TokenClient client() {
        return client;
    }

    public CredentialWriter writer() {
        return writer;
    }

    /** Handle of the access token that is sent in place of a secret; null where the secret is sent. */
    @CheckForNull
    CredentialHandle parent() {
        return parent;
    }

    /** Client that issues the access token of this handle. */
    TokenClient issuer() throws TokenUnavailableException {
        return parent == null || clients == null ? client : clients.get();
    }

    String secretOf(TokenFamily family) {
        return parentToken == null ? family.tokens().current() : parentToken.value();
    }

    /**
     * The same credential with the currently stored secret and settings.
     *
     * @throws TokenUnavailableException when these do not allow a request
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

    CredentialHandle withToken(String other) {
        return new CredentialHandle(name, initialLocation, other, client, writer, parent, clients, parentToken);
    }

    /**
     * Handle for one request of a derived access token. The family ID is computed from the parent's family ID, which
     * does not change when the parent's token rotates. There is no token to write back.
     *
     * @param requestClient the {@link #issuer}
     */
    CredentialHandle forDerived(TokenClient requestClient, TokenResult parentResult) {
        return new CredentialHandle(
                name,
                location(),
                parentResult.familyId(),
                requestClient,
                (sameFamily, current, force) -> {},
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

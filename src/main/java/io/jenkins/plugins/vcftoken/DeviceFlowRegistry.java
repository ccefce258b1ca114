package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.ExtensionList;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.StoreCredentialWriter;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The last device flow of each credential, in memory. Thread-safe. */
@Extension
public final class DeviceFlowRegistry {

    private final List<DeviceFlowSession> sessions = new CopyOnWriteArrayList<>();

    /** Held while codes are requested. One lock per credential, so that a slow server delays no other. */
    private final Map<CredentialLocation, Object> locks = new ConcurrentHashMap<>();

    public static DeviceFlowRegistry get() {
        return ExtensionList.lookupSingleton(DeviceFlowRegistry.class);
    }

    /** The last device flow of a credential, running or ended; null if there is none. */
    @CheckForNull
    public DeviceFlowSession find(CredentialLocation location) {
        return sessions.stream()
                .filter(session -> session.location().equals(location))
                .findFirst()
                .orElse(null);
    }

    /**
     * Starts a device flow, unless one is already running for the credential: with two codes, a user could approve the
     * code of another user. Blocks while codes are requested from the server.
     *
     * @param credential as stored
     * @param startedBy display name; the audit log uses the current authentication
     * @return the new session, or the running one, which may have another client ID
     * @throws TokenUnavailableException if the server returns no codes; its message is shown to users
     */
    public DeviceFlowSession start(VcfCredentials credential, String clientId, String startedBy)
            throws TokenUnavailableException {
        VcfTokenService tokens = VcfTokenService.get();
        StoreCredentialWriter writer = tokens.handles().findWriter(credential, null);
        synchronized (locks.computeIfAbsent(writer.location(), location -> new Object())) {
            DeviceFlowSession last = find(writer.location());
            if (last != null && last.isRunning()) {
                return last;
            }
            // Fails if the ledger is unavailable, before a user approves a token that could not be saved.
            tokens.administration();
            VcfaTokenClient client = client(tokens, credential, clientId);
            try {
                DeviceFlowSession session = new DeviceFlowSession(
                        tokens,
                        writer,
                        client,
                        client.requestCodes(),
                        credential.storedSecret().getPlainText(),
                        startedBy);
                session.schedule();
                sessions.remove(last);
                sessions.add(session);
                return session;
            } catch (TokenRequestException e) {
                throw CredentialHandleFactory.unavailable(
                        credential,
                        "the server gave no code: " + e.getMessage() + ". "
                                + e.errorType().nextStep(),
                        e);
            }
        }
    }

    private static VcfaTokenClient client(VcfTokenService tokens, VcfCredentials credential, String clientId)
            throws TokenUnavailableException {
        VcfaTokenClient client;
        try {
            client = credential.deviceFlowClient(tokens.handles().httpClient(credential), clientId);
        } catch (IllegalArgumentException e) {
            throw CredentialHandleFactory.invalidAddress(credential, e);
        }
        if (client == null) {
            throw new TokenUnavailableException(
                    "Credential ‘" + credential.getId() + "’: only service accounts of VCF Automation can be "
                            + "authorized. Enter the secret in the credential.",
                    null);
        }
        return client;
    }

    /** Called at shutdown. Blocks while unsaved tokens are saved. */
    void close() {
        sessions.forEach(DeviceFlowSession::close);
    }
}

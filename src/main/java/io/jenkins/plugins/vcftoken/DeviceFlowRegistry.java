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

    /** One lock for each credential, held while its codes are requested: a slow server delays no other one. */
    private final Map<CredentialLocation, Object> locks = new ConcurrentHashMap<>();

    public static DeviceFlowRegistry get() {
        return ExtensionList.lookupSingleton(DeviceFlowRegistry.class);
    }

    /** The last device flow of a credential, running or not; null without one. */
    @CheckForNull
    public DeviceFlowSession find(CredentialLocation location) {
        return sessions.stream()
                .filter(session -> session.location().equals(location))
                .findFirst()
                .orElse(null);
    }

    /**
     * Starts a device flow unless one is running for the credential: with two codes, one person could approve the code
     * of another one. Blocks while the server is asked for codes.
     *
     * @param credential as it is stored
     * @param startedBy a name for display; the audit log uses the current authentication
     * @return the new one, or the running one, which may be for another client ID
     * @throws TokenUnavailableException when the server gives no codes; its message is for users
     */
    public DeviceFlowSession start(VcfCredentials credential, String clientId, String startedBy)
            throws TokenUnavailableException {
        VcfTokenService tokens = VcfTokenService.get();
        StoreCredentialWriter writer = tokens.handles().writer(credential, null);
        synchronized (locks.computeIfAbsent(writer.location(), location -> new Object())) {
            DeviceFlowSession last = find(writer.location());
            if (last != null && last.isRunning()) {
                return last;
            }
            // Fails where the ledger cannot be used, before a person approves a token that could not be saved.
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
                                + e.tokenError().nextStep(),
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

    /** For the shutdown; blocks while tokens are saved that could not be saved before. */
    void close() {
        sessions.forEach(DeviceFlowSession::close);
    }
}

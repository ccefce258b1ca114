package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.ExtensionList;
import io.jenkins.plugins.vcftoken.oauth.DeviceAuthorizationClient;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.StoreCredentialWriter;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The attempts to have accounts authorized: one per credential, the last one kept until the next. */
@Extension
public final class DeviceFlowRegistry {

    private final List<DeviceFlowSession> attempts = new CopyOnWriteArrayList<>();

    /** What to hold while a credential's attempt begins, so that nobody waits for another one's server. */
    private final Map<CredentialLocation, Object> starting = new ConcurrentHashMap<>();

    public static DeviceFlowRegistry get() {
        return ExtensionList.lookupSingleton(DeviceFlowRegistry.class);
    }

    /** The last attempt for a credential, running or not. */
    @CheckForNull
    public DeviceFlowSession at(CredentialLocation location) {
        return attempts.stream()
                .filter(attempt -> attempt.location().equals(location))
                .findFirst()
                .orElse(null);
    }

    /**
     * Begins an attempt, unless one is running: two codes for one account would let one person approve what another
     * one sees. Asks the server, and so blocks.
     *
     * @param credential as it is stored
     * @param startedBy who, for people; the audit channel has it from the current authentication
     * @return the new one, or the running one, which may be for another client ID
     * @throws TokenUnavailableException when the server gives no code; fit to be shown
     */
    public DeviceFlowSession start(VcfCredentials credential, String clientId, String startedBy)
            throws TokenUnavailableException {
        VcfTokenService tokens = VcfTokenService.get();
        StoreCredentialWriter home = tokens.handles().home(credential, null);
        synchronized (starting.computeIfAbsent(home.location(), location -> new Object())) {
            return start(tokens, home, credential, clientId, startedBy);
        }
    }

    private DeviceFlowSession start(
            VcfTokenService tokens,
            StoreCredentialWriter home,
            VcfCredentials credential,
            String clientId,
            String startedBy)
            throws TokenUnavailableException {
        DeviceFlowSession running = at(home.location());
        if (running != null && running.isRunning()) {
            return running;
        }
        // Nobody is sent to the server for a token that could not be kept.
        tokens.administration();
        DeviceAuthorizationClient server = server(tokens, credential, clientId);
        try {
            DeviceFlowSession begun = DeviceFlowSession.begin(
                    tokens,
                    home,
                    server,
                    clientId,
                    credential.storedSecret().getPlainText(),
                    startedBy,
                    VcfTokenService.currentUser());
            if (running != null) {
                attempts.remove(running);
            }
            attempts.add(begun);
            return begun;
        } catch (TokenRequestException e) {
            throw new TokenUnavailableException(
                    "Credential '" + credential.getId() + "' ("
                            + server.account().description() + "): the server gave no code: " + e.getMessage() + ". "
                            + e.tokenError().nextStep(),
                    e);
        }
    }

    private static DeviceAuthorizationClient server(VcfTokenService tokens, VcfCredentials credential, String clientId)
            throws TokenUnavailableException {
        DeviceAuthorizationClient server;
        try {
            server = credential.deviceEndpoint(tokens.handles().client(credential), clientId);
        } catch (IllegalArgumentException e) {
            throw CredentialHandleFactory.noAddress(credential, e);
        }
        if (server == null) {
            throw new TokenUnavailableException(
                    "Credential '" + credential.getId() + "': only service accounts of VCF Automation can be "
                            + "authorized. Enter the secret in the credential.",
                    null);
        }
        return server;
    }

    void close() {
        attempts.forEach(DeviceFlowSession::close);
    }
}

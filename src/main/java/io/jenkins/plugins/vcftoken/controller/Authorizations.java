package io.jenkins.plugins.vcftoken.controller;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.Extension;
import hudson.ExtensionList;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.VcfaDeviceEndpoint;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.store.CredentialHome;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The attempts to have accounts authorized: one per credential, the last one kept until the next. */
@Extension
public final class Authorizations {

    private final List<Authorization> attempts = new CopyOnWriteArrayList<>();

    /** What to hold while a credential's attempt begins, so that nobody waits for another one's server. */
    private final Map<Place, Object> starting = new ConcurrentHashMap<>();

    public static Authorizations get() {
        return ExtensionList.lookupSingleton(Authorizations.class);
    }

    /** The last attempt for a credential, running or not. */
    @CheckForNull
    public Authorization at(Place place) {
        return attempts.stream()
                .filter(attempt -> attempt.place().equals(place))
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
     * @throws FamilyException when the server gives no code; fit to be shown
     */
    public Authorization start(VcfCredentials credential, String clientId, String startedBy) throws FamilyException {
        VcfTokens tokens = VcfTokens.get();
        CredentialHome home = tokens.holders().home(credential, null);
        synchronized (starting.computeIfAbsent(home.place(), place -> new Object())) {
            return start(tokens, home, credential, clientId, startedBy);
        }
    }

    private Authorization start(
            VcfTokens tokens, CredentialHome home, VcfCredentials credential, String clientId, String startedBy)
            throws FamilyException {
        Authorization running = at(home.place());
        if (running != null && running.isRunning()) {
            return running;
        }
        // Nobody is sent to the server for a token that could not be kept.
        tokens.administration();
        VcfaDeviceEndpoint server = server(tokens, credential, clientId);
        try {
            Authorization begun = Authorization.begin(
                    tokens,
                    home,
                    server,
                    clientId,
                    credential.storedSecret().getPlainText(),
                    startedBy,
                    VcfTokens.whoAsks());
            if (running != null) {
                attempts.remove(running);
            }
            attempts.add(begun);
            return begun;
        } catch (ExchangeException e) {
            throw new FamilyException(
                    "Credential '" + credential.getId() + "' ("
                            + server.endpoint().description() + "): the server gave no code: " + e.getMessage() + ". "
                            + e.problem().nextStep(),
                    e);
        }
    }

    private static VcfaDeviceEndpoint server(VcfTokens tokens, VcfCredentials credential, String clientId)
            throws FamilyException {
        VcfaDeviceEndpoint server;
        try {
            server = credential.deviceEndpoint(tokens.holders().client(credential), clientId);
        } catch (IllegalArgumentException e) {
            throw Holders.noAddress(credential, e);
        }
        if (server == null) {
            throw new FamilyException(
                    "Credential '" + credential.getId() + "': only service accounts of VCF Automation can be "
                            + "authorized. Enter the secret in the credential.",
                    null);
        }
        return server;
    }

    void close() {
        attempts.forEach(Authorization::close);
    }
}

package io.jenkins.plugins.vcftoken.controller;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.exchange.Bearer;
import io.jenkins.plugins.vcftoken.exchange.DeviceAuthorization;
import io.jenkins.plugins.vcftoken.exchange.DeviceCodes;
import io.jenkins.plugins.vcftoken.exchange.Endpoint;
import io.jenkins.plugins.vcftoken.exchange.ExchangeException;
import io.jenkins.plugins.vcftoken.exchange.VcfaDeviceEndpoint;
import io.jenkins.plugins.vcftoken.family.FamilyException;
import io.jenkins.plugins.vcftoken.family.FamilyRecord;
import io.jenkins.plugins.vcftoken.family.Place;
import io.jenkins.plugins.vcftoken.store.CredentialHome;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.util.Timer;

/**
 * One attempt to have the account of one credential authorized by a person. Goes on by itself, whoever looks, until it
 * is decided or Jenkins goes down.
 */
public final class Authorization {

    private static final Logger LOGGER = Logger.getLogger(Authorization.class.getName());

    /** For as long somebody may wait for the outcome, or come to look for it. */
    private static final Duration NEWS = Duration.ofHours(1);

    /** Between two tries to store, and after a clock that jumped. */
    private static final long SHORTEST_PAUSE_MILLIS = 200;

    private final VcfTokens tokens;
    private final CredentialHome home;
    private final Endpoint endpoint;
    private final String clientId;
    private final String startedBy;
    private final String initiator;
    private final DeviceAuthorization device;

    /** Empty once it is decided: the attempt stays to be looked at, and has no more use for a secret. */
    private volatile String storedAtStart;

    /** Null while it is running. */
    @CheckForNull
    private volatile Instant ended;

    /** What became of the token in the credentials store; null before that. */
    @CheckForNull
    private volatile CredentialHome.Placed placed;

    private Authorization(
            VcfTokens tokens,
            CredentialHome home,
            VcfaDeviceEndpoint server,
            DeviceCodes codes,
            String clientId,
            String storedAtStart,
            String startedBy,
            String initiator) {
        this.tokens = tokens;
        this.home = home;
        this.endpoint = server.endpoint();
        this.clientId = clientId;
        this.storedAtStart = storedAtStart;
        this.startedBy = startedBy;
        this.initiator = initiator;
        this.device = new DeviceAuthorization(server, codes, this::keep, tokens.clock());
    }

    /**
     * Asks the server for codes; blocks for the client's call timeout at most.
     *
     * @param startedBy who, for people, in a name that they may have chosen
     * @param initiator who, for the audit channel, where a name must not pass for somebody else's
     */
    static Authorization begin(
            VcfTokens tokens,
            CredentialHome home,
            VcfaDeviceEndpoint server,
            String clientId,
            String storedAtStart,
            String startedBy,
            String initiator)
            throws ExchangeException {
        Authorization begun =
                new Authorization(tokens, home, server, server.codes(), clientId, storedAtStart, startedBy, initiator);
        begun.schedule();
        return begun;
    }

    /** The credential it is for, under the name that its folder has now. */
    public Place place() {
        return home.place();
    }

    public DeviceCodes codes() {
        return device.codes();
    }

    public String clientId() {
        return clientId;
    }

    public String startedBy() {
        return startedBy;
    }

    public DeviceAuthorization.State state() {
        return device.isTokenAtStake() ? DeviceAuthorization.State.WAITING : device.state();
    }

    public boolean isRunning() {
        return state() == DeviceAuthorization.State.WAITING;
    }

    /** Whether people should still be told of it: what came of it long ago says nothing of how the account is now. */
    public boolean isNews(Instant now) {
        Instant since = ended;
        return since == null || now.isBefore(since.plus(NEWS));
    }

    /** Why it failed, or what stands in the way for now; empty when there is nothing to say. Free of secrets. */
    public String trouble() {
        return device.trouble();
    }

    /** What became of the token beside the ledger, which has it; null before there was one, or the store failed. */
    @CheckForNull
    public CredentialHome.Placed placed() {
        return placed;
    }

    public void cancel() {
        device.cancel();
        noteEnd();
    }

    private synchronized void noteEnd() {
        if (ended == null && !isRunning()) {
            ended = tokens.clock().instant();
        }
    }

    /** The last chance to store what could not be stored. */
    void close() {
        device.cancel();
        if (device.isTokenAtStake() && device.storeNow() != DeviceAuthorization.State.GRANTED) {
            LOGGER.log(
                    Level.SEVERE,
                    () -> "The refresh token of credential '" + place().credentialsId() + "' ("
                            + endpoint.description() + ") could not be stored (" + trouble()
                            + ") before Jenkins went down. Authorize the account anew.");
        }
    }

    private void schedule() {
        long pause = Math.max(SHORTEST_PAUSE_MILLIS, device.pause().toMillis());
        try {
            Timer.get().schedule(() -> tokens.exchanges().execute(this::step), pause, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOGGER.log(Level.FINE, "Shutting down; what is at stake is stored on the way", e);
        }
    }

    private void step() {
        try {
            device.step();
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, e, () -> "Authorizing " + endpoint.description() + " goes on after a failure");
        }
        if (isRunning()) {
            schedule();
        } else {
            noteEnd();
            storedAtStart = "";
        }
    }

    /** The ledger first: whoever reads the credential from then on finds the token, even if the store is not written. */
    private void keep(String refreshToken, @CheckForNull Bearer bearer) throws IOException {
        String now = home.stored(endpoint);
        try {
            FamilyRecord record = tokens.administration()
                    .authorized(endpoint, place(), now == null ? storedAtStart : now, refreshToken, bearer);
            tokens.observers().authorized(place(), record, initiator);
        } catch (FamilyException e) {
            throw new IOException(e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        try {
            placed = home.store(endpoint, refreshToken, clientId);
        } catch (IOException | RuntimeException e) {
            LOGGER.log(
                    Level.WARNING,
                    e,
                    () -> "Credential '" + place().credentialsId() + "': its new refresh token could not be written to "
                            + "the credentials store. It is safe in the ledger, and builds use it from there");
        }
    }
}

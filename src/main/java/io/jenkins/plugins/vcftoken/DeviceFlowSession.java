package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.DeviceAuthorizationClient;
import io.jenkins.plugins.vcftoken.oauth.DeviceAuthorizationResponse;
import io.jenkins.plugins.vcftoken.oauth.DeviceFlow;
import io.jenkins.plugins.vcftoken.oauth.TokenRequestException;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.StoreCredentialWriter;
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
public final class DeviceFlowSession {

    private static final Logger LOGGER = Logger.getLogger(DeviceFlowSession.class.getName());

    /** For as long somebody may wait for the outcome, or come to look for it. */
    private static final Duration NEWS = Duration.ofHours(1);

    /** Between two tries to store, and after a clock that jumped. */
    private static final long SHORTEST_PAUSE_MILLIS = 200;

    private final VcfTokenService tokens;
    private final StoreCredentialWriter home;
    private final Account account;
    private final String clientId;
    private final String startedBy;
    private final String initiator;
    private final DeviceFlow device;

    /** Empty once it is decided: the attempt stays to be looked at, and has no more use for a secret. */
    private volatile String storedAtStart;

    /** Null while it is running. */
    @CheckForNull
    private volatile Instant ended;

    /** What became of the token in the credentials store; null before that. */
    @CheckForNull
    private volatile StoreCredentialWriter.Placed placed;

    private DeviceFlowSession(
            VcfTokenService tokens,
            StoreCredentialWriter home,
            DeviceAuthorizationClient server,
            DeviceAuthorizationResponse codes,
            String clientId,
            String storedAtStart,
            String startedBy,
            String initiator) {
        this.tokens = tokens;
        this.home = home;
        this.account = server.account();
        this.clientId = clientId;
        this.storedAtStart = storedAtStart;
        this.startedBy = startedBy;
        this.initiator = initiator;
        this.device = new DeviceFlow(server, codes, this::keep, tokens.clock());
    }

    /**
     * Asks the server for codes; blocks for the client's call timeout at most.
     *
     * @param startedBy who, for people, in a name that they may have chosen
     * @param initiator who, for the audit channel, where a name must not pass for somebody else's
     */
    static DeviceFlowSession begin(
            VcfTokenService tokens,
            StoreCredentialWriter home,
            DeviceAuthorizationClient server,
            String clientId,
            String storedAtStart,
            String startedBy,
            String initiator)
            throws TokenRequestException {
        DeviceFlowSession begun = new DeviceFlowSession(
                tokens, home, server, server.codes(), clientId, storedAtStart, startedBy, initiator);
        begun.schedule();
        return begun;
    }

    /** The credential it is for, under the name that its folder has now. */
    public CredentialLocation location() {
        return home.location();
    }

    public DeviceAuthorizationResponse codes() {
        return device.codes();
    }

    public String clientId() {
        return clientId;
    }

    public String startedBy() {
        return startedBy;
    }

    public DeviceFlow.State state() {
        return device.isTokenAtStake() ? DeviceFlow.State.WAITING : device.state();
    }

    public boolean isRunning() {
        return state() == DeviceFlow.State.WAITING;
    }

    /** Whether people should still be told of it: what came of it long ago says nothing of how the account is now. */
    public boolean isRecent(Instant now) {
        Instant since = ended;
        return since == null || now.isBefore(since.plus(NEWS));
    }

    /** Why it failed, or what stands in the way for now; empty when there is nothing to say. Free of secrets. */
    public String error() {
        return device.error();
    }

    /** What became of the token beside the ledger, which has it; null before there was one, or the store failed. */
    @CheckForNull
    public StoreCredentialWriter.Placed placed() {
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
        if (device.isTokenAtStake() && device.storeNow() != DeviceFlow.State.GRANTED) {
            LOGGER.log(
                    Level.SEVERE,
                    () -> "The refresh token of credential '" + location().credentialsId() + "' ("
                            + account.description() + ") could not be stored (" + error()
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
            LOGGER.log(Level.WARNING, e, () -> "Authorizing " + account.description() + " goes on after a failure");
        }
        if (isRunning()) {
            schedule();
        } else {
            noteEnd();
            storedAtStart = "";
        }
    }

    /** The ledger first: whoever reads the credential from then on finds the token, even if the store is not written. */
    private void keep(String refreshToken, @CheckForNull AccessToken accessToken) throws IOException {
        String now = home.stored(account);
        try {
            TokenFamily record = tokens.administration()
                    .authorized(account, location(), now == null ? storedAtStart : now, refreshToken, accessToken);
            tokens.observers().authorized(location(), record, initiator);
        } catch (TokenUnavailableException e) {
            throw new IOException(e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        try {
            placed = home.store(account, refreshToken, clientId);
        } catch (IOException | RuntimeException e) {
            LOGGER.log(
                    Level.WARNING,
                    e,
                    () -> "Credential '" + location().credentialsId()
                            + "': its new refresh token could not be written to "
                            + "the credentials store. It is safe in the ledger, and builds use it from there");
        }
    }
}

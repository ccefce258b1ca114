package io.jenkins.plugins.vcftoken;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.oauth.DeviceAuthorizationResponse;
import io.jenkins.plugins.vcftoken.oauth.DeviceFlow;
import io.jenkins.plugins.vcftoken.oauth.VcfaTokenClient;
import io.jenkins.plugins.vcftoken.rotation.CredentialLocation;
import io.jenkins.plugins.vcftoken.rotation.TokenFamily;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.StoreCredentialWriter;
import io.jenkins.plugins.vcftoken.store.WriteResult;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.util.Timer;

/**
 * The device flow of one credential: runs its steps on a timer until a final state or the shutdown, and saves its token
 * to the ledger and the credentials store. Thread-safe.
 */
public final class DeviceFlowSession {

    private static final Logger LOGGER = Logger.getLogger(DeviceFlowSession.class.getName());

    private static final Duration RECENT = Duration.ofHours(1);

    /** Between two attempts to save, and after the clock was changed. */
    private static final long MIN_PAUSE_MILLIS = 200;

    private final VcfTokenService tokens;
    private final StoreCredentialWriter writer;
    private final Account account;
    private final String clientId;
    private final String startedBy;
    private final DeviceFlow flow;

    /** User ID for the audit log; {@link #startedBy} is a display name, which users can choose. */
    private final String initiator = VcfTokenService.currentUser();

    /** Cleared in final states. */
    private volatile String storedAtStart;

    /** Null while the flow is running. */
    @CheckForNull
    private volatile Instant endedAt;

    @CheckForNull
    private volatile WriteResult storeResult;

    /** @param storedAtStart the refresh token that the new one replaces; may be empty */
    DeviceFlowSession(
            VcfTokenService tokens,
            StoreCredentialWriter writer,
            VcfaTokenClient client,
            DeviceAuthorizationResponse codes,
            String storedAtStart,
            String startedBy) {
        this.tokens = tokens;
        this.writer = writer;
        this.account = client.account();
        this.clientId = client.clientId();
        this.storedAtStart = storedAtStart;
        this.startedBy = startedBy;
        this.flow = new DeviceFlow(client, codes, this::save, tokens.clock());
    }

    /** The location of the credential, with the current name of its folder. */
    public CredentialLocation location() {
        return writer.location();
    }

    public DeviceAuthorizationResponse codes() {
        return flow.codes();
    }

    public String clientId() {
        return clientId;
    }

    public String startedBy() {
        return startedBy;
    }

    public DeviceFlow.State state() {
        return flow.state();
    }

    public boolean isRunning() {
        return state() == DeviceFlow.State.WAITING;
    }

    /** Whether the flow is running, or has ended so recently that its outcome is still relevant for the account. */
    public boolean isRecent(Instant now) {
        Instant end = endedAt;
        return end == null || now.isBefore(end.plus(RECENT));
    }

    /** The error of the last step, without secrets; empty if there is none. */
    public String error() {
        return flow.error();
    }

    /**
     * The result of writing to the credentials store; null before, and if it failed and only the ledger has the token.
     */
    @CheckForNull
    public WriteResult storeResult() {
        return storeResult;
    }

    public void cancel() {
        flow.cancel();
        recordEnd();
    }

    private synchronized void recordEnd() {
        if (endedAt == null && !isRunning()) {
            endedAt = tokens.clock().instant();
        }
    }

    /** Called at shutdown. Stops the flow after a last attempt to save an unsaved token. */
    void close() {
        flow.cancel();
        if (isRunning() && flow.saveNow() == DeviceFlow.State.WAITING) {
            LOGGER.log(
                    Level.SEVERE,
                    () -> "The refresh token of credential ‘" + location().credentialsId() + "’ ("
                            + account.description() + ") could not be stored (" + error()
                            + ") before Jenkins stopped. Authorize the account again.");
        }
    }

    void schedule() {
        long pause = Math.max(MIN_PAUSE_MILLIS, flow.pause().toMillis());
        try {
            Timer.get().schedule(() -> tokens.requestThreads().execute(this::step), pause, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOGGER.log(Level.FINE, "Shutting down; an unsaved token is saved by close()", e);
        }
    }

    private void step() {
        try {
            flow.step();
        } catch (RuntimeException e) {
            LOGGER.log(
                    Level.WARNING,
                    e,
                    () -> "The device flow for " + account.description() + " continues after a failure");
        }
        if (isRunning()) {
            schedule();
        } else {
            recordEnd();
            storedAtStart = "";
        }
    }

    /** Saves to the ledger first, so that the token is used even if the credentials store cannot be written. */
    private void save(String refreshToken, @CheckForNull AccessToken accessToken) throws IOException {
        String stored = writer.stored(account);
        try {
            TokenFamily family = tokens.administration()
                    .authorized(
                            account, location(), stored == null ? storedAtStart : stored, refreshToken, accessToken);
            tokens.listener().authorized(location(), family, initiator);
        } catch (TokenUnavailableException e) {
            throw new IOException(e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        try {
            storeResult = writer.store(account, refreshToken, clientId);
        } catch (IOException | RuntimeException e) {
            LOGGER.log(
                    Level.WARNING,
                    e,
                    () -> "Credential ‘" + location().credentialsId()
                            + "’: its new refresh token could not be written to "
                            + "the credentials store. It is safe in the ledger, and builds use it from there");
        }
    }
}

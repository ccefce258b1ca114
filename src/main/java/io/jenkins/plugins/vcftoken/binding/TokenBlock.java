package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseOwner;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.Serial;
import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What a block of a Pipeline, or a freestyle build, knows while it is in progress: shared by its environment, masks and
 * files, and saved with the build.
 */
public final class TokenBlock implements LeaseOwner, Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private static final Logger LOGGER = Logger.getLogger(TokenBlock.class.getName());

    private static final int RESUME_SECONDS = 60;

    /** Longer than a server takes that answers. */
    private static final Duration RENEWAL_LIMIT = Duration.ofSeconds(60);

    private final String run;
    private final String charset;
    private final String credentialsId;
    private final String url;
    private final TokenVariables variables;
    private final IssuedTokens issued = new IssuedTokens();

    @CheckForNull
    private final BlockTokenFiles files;

    /** The block around this one; null when there is none. */
    @CheckForNull
    private final TokenBlock outer;

    /** From when it opens, or opens again, on. Its name may be another one by then. */
    private transient volatile Run<?, ?> build;

    private transient volatile Lease lease;
    private transient volatile TaskListener listener;
    private transient volatile Runnable saving;
    private transient volatile boolean closed;
    private transient volatile CountDownLatch resuming;

    /** A block whose files, if it has any, only their owner may read. */
    public TokenBlock(
            Run<?, ?> run, VcfCredentials credentials, TokenVariables variables, @CheckForNull TokenBlock outer) {
        this(run, credentials, variables, TokenFileMode.OWNER, outer);
    }

    public TokenBlock(
            Run<?, ?> run,
            VcfCredentials credentials,
            TokenVariables variables,
            TokenFileMode mode,
            @CheckForNull TokenBlock outer) {
        this.run = run.getExternalizableId();
        this.charset = run.getCharset().name();
        this.credentialsId = credentials.getId();
        this.url = credentials.getUrl();
        this.variables = variables;
        this.files = variables.wantFiles() ? new BlockTokenFiles(this.run, mode) : null;
        this.outer = outer;
    }

    /**
     * Gets an access token and keeps it fresh from now on. Blocks.
     *
     * @param organization whose access token is wanted; empty for the credential's own
     * @param listener gets warnings, from whichever thread
     * @param saving called when there is something new that a restart should find; null when nothing is saved
     * @throws TokenUnavailableException when there is none to be had
     */
    public void open(
            VcfCredentials credentials,
            String organization,
            Run<?, ?> build,
            Duration minimumValidity,
            TaskListener listener,
            @CheckForNull Runnable saving)
            throws TokenUnavailableException, InterruptedException {
        this.listener = listener;
        this.build = build;
        TokenBlockRegistry.get().add(this);
        try {
            lease = VcfTokenService.get().open(credentials, organization, build.getParent(), minimumValidity, this);
        } catch (TokenUnavailableException | InterruptedException | RuntimeException e) {
            // After a restart it is tried again, until whoever ends the block finds it here.
            if (resuming == null || closed) {
                TokenBlockRegistry.get().remove(this);
            }
            throw e;
        }
        this.saving = saving;
        CompletableFuture<Void> written = files == null ? null : files.start(issued::last, this::warn);
        if (written != null && resuming != null) {
            awaitWritten(written);
        }
        if (closed) {
            close();
        }
    }

    /** After a restart no step is to find the files of before; what cannot be written is tried again, and is logged. */
    private static void awaitWritten(CompletableFuture<Void> written) throws InterruptedException {
        try {
            written.get(RESUME_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOGGER.log(Level.FINE, e, () -> "Some token files are still those of before the restart");
        }
    }

    /** Comes before {@link #open} in a build that goes on after a restart: there may be access tokens that were not saved. */
    public void resume() {
        issued.noteInterruption();
        resuming = new CountDownLatch(1);
    }

    /** Where warnings go from now on; after a restart there may be some before there is a lease. */
    public void tell(TaskListener somebody) {
        listener = somebody;
    }

    /** After a restart, the first try to get a lease again is over, well or not. */
    public void markResumed() {
        resuming.countDown();
    }

    /**
     * After a restart, waits until there is a lease again, or the first try to get one has failed.
     *
     * @return whether it waited, so that what the block contributed before may be out of date
     */
    public boolean awaitResumed() throws InterruptedException {
        CountDownLatch waiting = resuming;
        if (waiting == null || waiting.getCount() == 0) {
            return false;
        }
        boolean over = waiting.await(RESUME_SECONDS, TimeUnit.SECONDS);
        // Once is enough: the steps after this one do not wait again.
        waiting.countDown();
        return over;
    }

    /**
     * Where the access token has expired, such as after a machine was suspended, waits until the renewal that runs is over.
     *
     * @return whether the one that a process would start with is not the block's newest
     */
    public boolean awaitLiving(Map<String, String> env) throws InterruptedException {
        Lease held = lease;
        if (held == null) {
            return false;
        }
        held.awaitLiving(RENEWAL_LIMIT);
        String token = env.get(variables.token());
        return token != null
                && !token.equals(held.accessToken().value())
                && issued.texts().contains(token);
    }

    public boolean isClosed() {
        return closed;
    }

    /** Lets go of the access token and has the files removed. Looks at memory only; further calls do nothing. */
    public void close() {
        closed = true;
        TokenBlockRegistry.get().remove(this);
        Lease held = lease;
        if (held != null) {
            held.close();
        }
        if (files != null) {
            files.remove();
        }
    }

    /**
     * @return the access token from now on
     * @throws TokenUnavailableException when no newer one can be had
     */
    public AccessToken refresh() throws TokenUnavailableException, InterruptedException {
        Lease held = lease;
        if (held == null) {
            throw new TokenUnavailableException(
                    "Credential '" + credentialsId + "': this block has no lease since Jenkins was restarted. The log "
                            + "says why.",
                    null);
        }
        return held.refresh();
    }

    /** Adds what the block gives to each step. From memory; right after a restart, what was saved. */
    public void contribute(Map<String, String> env) {
        Lease held = lease;
        String token;
        long expiresAt;
        if (held != null) {
            AccessToken accessToken = held.accessToken();
            token = accessToken.value();
            expiresAt = accessToken.expiresAt().getEpochSecond();
        } else {
            token = issued.last();
            expiresAt = issued.expiresAt();
        }
        if (token != null) {
            env.put(variables.token(), token);
            env.put(variables.expiresAt(), Long.toString(expiresAt));
        }
        env.put(variables.url(), url);
    }

    /**
     * Adds where the files are.
     *
     * @param temporary the directory for temporary files that belongs to the workspace
     */
    public void contributeFiles(Map<String, String> env, String temporary) {
        if (files == null) {
            return;
        }
        String tokenFile = variables.tokenFile();
        if (tokenFile != null) {
            env.put(tokenFile, files.tokenFile(temporary));
        }
        String headerFile = variables.headerFile();
        if (headerFile != null) {
            env.put(headerFile, files.headerFile(temporary));
        }
    }

    /** Where a step with this environment looks for one of the files; null where it has none. */
    @CheckForNull
    public String fileIn(Map<String, String> env) {
        String tokenFile = variables.tokenFile();
        String file = tokenFile == null ? null : env.get(tokenFile);
        String headerFile = variables.headerFile();
        return file == null && headerFile != null ? env.get(headerFile) : file;
    }

    public TokenMasker mask() {
        return issued.mask();
    }

    IssuedTokens issued() {
        return issued;
    }

    String charset() {
        return charset;
    }

    /** Whatever the job is called by now: it may have been moved since the block opened. */
    boolean isOf(Run<?, ?> other) {
        Run<?, ?> known = build;
        return known != null && known.getExternalizableId().equals(other.getExternalizableId());
    }

    public String credentialsId() {
        return credentialsId;
    }

    public TokenVariables variables() {
        return variables;
    }

    @CheckForNull
    public BlockTokenFiles files() {
        return files;
    }

    @CheckForNull
    public TokenBlock outer() {
        return outer;
    }

    /** By what Jenkins calls the build, since a build may give itself any display name. */
    @Override
    public String who() {
        return "build " + run;
    }

    @Override
    public void beforePublish(AccessToken accessToken) {
        if (!issued.add(accessToken)) {
            return;
        }
        if (files != null) {
            files.renewed();
        }
        Runnable save = saving;
        if (save != null) {
            TokenBlockRegistry.get().saveSoon(run, save);
        }
    }

    @Override
    public void warn(String message) {
        TaskListener log = listener;
        if (log != null) {
            log.getLogger().println("[vcf-token] " + message);
        }
    }
}

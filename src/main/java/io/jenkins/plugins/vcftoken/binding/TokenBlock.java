package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.AbortException;
import hudson.FilePath;
import hudson.Util;
import hudson.console.HyperlinkNote;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.DerivedTokenClientFactory;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseOwnerCallback;
import io.jenkins.plugins.vcftoken.oauth.AccessToken;
import io.jenkins.plugins.vcftoken.oauth.Account;
import io.jenkins.plugins.vcftoken.rotation.TokenUnavailableException;
import io.jenkins.plugins.vcftoken.store.StoreContext;
import io.jenkins.plugins.vcftoken.store.VcfCredentials;
import java.io.IOException;
import java.io.Serial;
import java.io.Serializable;
import java.nio.charset.Charset;
import java.time.Duration;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A block of a Pipeline, or a freestyle build, with its variables, masks and files. Holds a lease on an access token,
 * and on each token that the bindings derive from it. Saved with Pipeline builds. Thread-safe. Methods that do not
 * throw {@link InterruptedException} do no I/O and do not block.
 */
public final class TokenBlock implements LeaseOwnerCallback, Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private static final Logger LOGGER = Logger.getLogger(TokenBlock.class.getName());

    private static final int RESUME_SECONDS = 60;

    /** Time of day, because blocks last hours; with the zone, because agents and readers may be in other zones. */
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss z", Locale.ENGLISH);

    /** Longer than the timeout of a token request. */
    private static final Duration RENEWAL_TIMEOUT = Duration.ofSeconds(60);

    private final String run;
    private final String charset;
    private final String credentialsId;
    private final BlockVariables variables;
    private final BlockTokens issued = new BlockTokens();

    /** Null before the block is open, and if it has no files. */
    @CheckForNull
    private volatile BlockTokenFiles files;

    @CheckForNull
    private final TokenBlock outer;

    /** Null until the block opens, and after a restart until it is reopened. Its ID changes if the job is moved. */
    private transient volatile Run<?, ?> build;

    private transient volatile Lease lease;

    /** Leases on the derived tokens, in the order of their numbers. Null without any, and after a restart. */
    @CheckForNull
    private transient volatile List<Lease> derivedLeases;

    private transient volatile TaskListener listener;
    private transient volatile Runnable save;
    private transient volatile boolean closed;

    /** Whether only warnings are logged. */
    private final boolean quiet;

    /** Counted down after the first attempt to get a lease after a restart. Null without a restart. */
    private transient volatile CountDownLatch resuming;

    /**
     * @param tokenVariable variable for the access token
     * @param urlVariable variable for the URL of the system
     * @param quiet whether to log only warnings, without the expiry and renewals of the access token
     * @param outer enclosing block, or null
     * @throws AbortException if the name of a variable is invalid
     */
    public TokenBlock(
            Run<?, ?> run,
            VcfCredentials credentials,
            String tokenVariable,
            String urlVariable,
            boolean quiet,
            @CheckForNull TokenBlock outer)
            throws AbortException {
        this.run = run.getExternalizableId();
        this.charset = run.getCharset().name();
        this.credentialsId = credentials.getId();
        this.variables = new BlockVariables(tokenVariable, urlVariable, credentials.getUrl());
        this.quiet = quiet;
        this.outer = outer;
    }

    /**
     * Calls the bindings, and opens a lease on an access token, which is renewed until the block closes. Blocks.
     *
     * @param organization tenant organization, for a provider credential; empty for the organization of the credential
     * @param bindings empty after a restart, because the block contains their variables and files
     * @param listener build log; receives warnings on any thread
     * @param save called when there is state to save; null if the build cannot be resumed
     * @throws AbortException if a binding fails or no access token is available; the message is suitable for the build
     *     log
     */
    public void open(
            VcfCredentials credentials,
            String organization,
            Run<?, ?> build,
            Duration minimumValidity,
            List<TokenBinding> bindings,
            TaskListener listener,
            @CheckForNull Runnable save)
            throws IOException, InterruptedException {
        this.listener = listener;
        this.build = build;
        TokenBlockRegistry.get().add(this);
        boolean isOpen = false;
        BindingContext.AccessTokenSource opening = () ->
                openLease(credentials, organization, build, minimumValidity).accessToken();
        try {
            bind(bindings, new BindingContext(credentials, organization, build, listener, variables, opening));
            Lease opened = openLease(credentials, organization, build, minimumValidity);
            openDerivedLeases(credentials, organization, build, minimumValidity);
            isOpen = true;
            logOpened(credentials, organization, opened.accessToken());
        } finally {
            // After a restart, opening is retried, and the registry must find the block at the end of the build.
            if (!isOpen && (resuming == null || closed)) {
                close();
            }
        }
        this.save = save;
        BlockTokenFiles written = files;
        if (written != null) {
            CompletableFuture<Void> current = written.start(() -> variables.fillFiles(issued::current), this::warn);
            if (resuming != null) {
                awaitRewritten(current);
            }
        }
        if (closed) {
            close();
        }
    }

    private void bind(List<TokenBinding> bindings, BindingContext context) throws IOException, InterruptedException {
        for (TokenBinding binding : bindings) {
            binding.bind(context);
        }
        if (files == null && variables.hasFiles()) {
            files = new BlockTokenFiles(run, variables.tokenFileMode());
        }
    }

    private Lease openLease(VcfCredentials credentials, String organization, Run<?, ?> build, Duration minimumValidity)
            throws AbortException, InterruptedException {
        Lease known = lease;
        if (known != null) {
            return known;
        }
        try {
            Lease opened =
                    VcfTokenService.get().open(credentials, organization, build.getParent(), minimumValidity, this);
            lease = opened;
            return opened;
        } catch (TokenUnavailableException e) {
            LOGGER.log(Level.FINE, e, () -> "No access token for " + build);
            logStatusPage(credentials, build);
            throw new AbortException(e.getMessage());
        }
    }

    private void logOpened(VcfCredentials credentials, String organization, AccessToken accessToken) {
        if (!quiet) {
            Account account = credentials.account();
            String which = organization.isEmpty() ? account.organization() : organization;
            println(Messages.TokenBlock_opened(
                    credentialsId,
                    which.isEmpty() ? account.system() : account.system() + ", " + which,
                    time(accessToken)));
        }
    }

    @Override
    public void renewed(AccessToken accessToken) {
        if (!quiet) {
            println(Messages.TokenBlock_renewed(credentialsId, time(accessToken)));
        }
    }

    private static String time(AccessToken accessToken) {
        return TIME.withZone(ZoneId.systemDefault()).format(accessToken.expiresAt());
    }

    /** Logs a link, which works for users with permission to see the credential. */
    private void logStatusPage(VcfCredentials credentials, Run<?, ?> build) {
        VcfTokenService.get()
                .locator()
                .find(credentials, build.getParent())
                .map(found -> StoreContext.tokenPage(found.location()))
                .ifPresent(page ->
                        println(HyperlinkNote.encodeTo('/' + page, Messages.TokenBlock_statusPage(credentialsId))));
    }

    private void openDerivedLeases(
            VcfCredentials credentials, String organization, Run<?, ?> build, Duration minimumValidity)
            throws AbortException, InterruptedException {
        List<DerivedTokenClientFactory> tokens = variables.derivedTokens();
        List<Lease> opened = new ArrayList<>(Util.fixNull(derivedLeases));
        while (opened.size() < tokens.size()) {
            DerivedTokenClientFactory token = tokens.get(opened.size());
            LeaseOwnerCallback owner = new DerivedTokenOwner(TokenTemplate.ACCESS_TOKEN + 1 + opened.size());
            try {
                opened.add(VcfTokenService.get()
                        .openDerived(credentials, organization, token, build.getParent(), minimumValidity, owner));
            } catch (TokenUnavailableException e) {
                LOGGER.log(Level.FINE, e, () -> "No derived token for " + build);
                throw new AbortException(e.getMessage());
            }
            derivedLeases = List.copyOf(opened);
        }
    }

    /** @return leases on the access token and the derived tokens; empty before the first was opened */
    private List<Lease> leases() {
        List<Lease> leases = new ArrayList<>();
        Lease own = lease;
        if (own != null) {
            leases.add(own);
        }
        leases.addAll(Util.fixNull(derivedLeases));
        return leases;
    }

    /** After a restart, steps must not read outdated files. Failed writes are logged and retried elsewhere. */
    private static void awaitRewritten(CompletableFuture<Void> written) throws InterruptedException {
        try {
            written.get(RESUME_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOGGER.log(Level.FINE, e, () -> "Some token files are still those of before the restart");
        }
    }

    /** Waits until the files exist in a workspace. Logs a warning if the workspace has no temporary directory. */
    void awaitFiles(String node, FilePath workspace, @CheckForNull String tempDir)
            throws IOException, InterruptedException {
        BlockTokenFiles awaited = files;
        if (awaited == null) {
            return;
        }
        if (tempDir == null) {
            warn(Messages.WithVcfTokenStep_noTemporary(workspace.getRemote()));
        } else {
            awaited.await(awaited.location(node, tempDir));
        }
    }

    /** Called after a restart, before {@link #open}. */
    void markResuming() {
        issued.markInterrupted();
        resuming = new CountDownLatch(1);
    }

    /** Called after the first call of {@link #open} after a restart, whether it succeeded or not. */
    void markResumed() {
        resuming.countDown();
    }

    /**
     * After a restart, waits for the end of the first attempt to get a lease. Only the first caller waits until the
     * timeout.
     *
     * @return whether the environment may be outdated because this method waited
     */
    boolean awaitResumed() throws InterruptedException {
        CountDownLatch latch = resuming;
        if (latch == null || latch.getCount() == 0) {
            return false;
        }
        boolean resumed = latch.await(RESUME_SECONDS, TimeUnit.SECONDS);
        latch.countDown();
        return resumed;
    }

    /**
     * Waits for the renewal of tokens that have expired, for example while the machine was suspended.
     *
     * @return whether the environment contains a former token of this block
     */
    boolean awaitValidToken(Map<String, String> env) throws InterruptedException {
        List<Lease> open = leases();
        if (open.isEmpty()) {
            return false;
        }
        for (Lease each : open) {
            each.awaitValid(RENEWAL_TIMEOUT);
        }
        return variables.isOutdated(env, issued::current, issued.values());
    }

    boolean isClosed() {
        return closed;
    }

    /** Closes the leases and deletes the files. Idempotent. */
    public void close() {
        closed = true;
        TokenBlockRegistry.get().remove(this);
        List<Lease> open = leases();
        // Closes derived leases first: ending their sessions may require a valid access token.
        Collections.reverse(open);
        open.forEach(Lease::close);
        BlockTokenFiles deleted = files;
        if (deleted != null) {
            deleted.delete();
        }
    }

    /**
     * Renews the access token and the derived tokens. Blocks.
     *
     * @throws TokenUnavailableException if one of them cannot be renewed
     */
    AccessToken refresh() throws TokenUnavailableException, InterruptedException {
        Lease open = lease;
        if (open == null) {
            throw new TokenUnavailableException(
                    "Credential ‘" + credentialsId + "’: this block has no lease since Jenkins was restarted. The log "
                            + "says why.",
                    null);
        }
        AccessToken refreshed = open.refresh();
        for (Lease derived : Util.fixNull(derivedLeases)) {
            derived.refresh();
        }
        return refreshed;
    }

    /** Adds the variables of the block, except those that contain paths, to an environment. */
    public void contribute(Map<String, String> env) {
        // Triggers overdue renewals. The tokens themselves come from publish().
        leases().forEach(Lease::accessToken);
        issued.contribute(env, variables);
    }

    /** @param tempDir temporary directory of the workspace */
    void contributePaths(Map<String, String> env, String tempDir) {
        BlockTokenFiles named = files;
        if (named != null) {
            variables.contributePaths(env, named, tempDir);
        }
    }

    /**
     * @return location of the files according to the variables in an environment; null if it has no files of this block
     */
    @CheckForNull
    TokenFileLocation findLocation(String node, Map<String, String> env) {
        BlockTokenFiles known = files;
        String directory = known == null ? null : variables.findDirectory(env);
        return directory == null ? null : known.findLocation(node, directory);
    }

    public TokenMasker masker() {
        return issued.masker(() -> TokenBlockRegistry.get().maskers());
    }

    BlockTokens issued() {
        return issued;
    }

    Charset charset() {
        return Charset.forName(charset);
    }

    boolean belongsTo(Run<?, ?> other) {
        Run<?, ?> known = build;
        return known != null && known.getExternalizableId().equals(other.getExternalizableId());
    }

    String credentialsId() {
        return credentialsId;
    }

    /** @return names of the variables that contain a token */
    Set<String> secretVariables() {
        return variables.secretVariables();
    }

    @CheckForNull
    BlockTokenFiles files() {
        return files;
    }

    @CheckForNull
    TokenBlock outer() {
        return outer;
    }

    /** Contains the build ID instead of the display name, which a build can set to any text. */
    @Override
    public String displayName() {
        return "build " + run;
    }

    @Override
    public void beforePublish(AccessToken accessToken) {
        publish(TokenTemplate.ACCESS_TOKEN, accessToken);
    }

    private void publish(int number, AccessToken accessToken) {
        if (!issued.publish(number, accessToken)) {
            return;
        }
        BlockTokenFiles outdated = files;
        if (outdated != null) {
            outdated.rewriteAll();
        }
        Runnable saving = save;
        if (saving != null) {
            TokenBlockRegistry.get().saveSoon(run, saving);
        }
    }

    /** Sets the build log early, for warnings before the block is open again after a restart. */
    void setListener(TaskListener listener) {
        this.listener = listener;
    }

    @Override
    public void warn(String message) {
        println(message);
    }

    private void println(String message) {
        TaskListener log = listener;
        if (log != null) {
            log.getLogger().println("[vcf-token] " + message);
        }
    }

    /** Owner of the lease on a derived token. */
    private final class DerivedTokenOwner implements LeaseOwnerCallback {

        private final int number;

        DerivedTokenOwner(int number) {
            this.number = number;
        }

        @Override
        public String displayName() {
            return TokenBlock.this.displayName();
        }

        @Override
        public void beforePublish(AccessToken derived) {
            publish(number, derived);
        }

        @Override
        public void warn(String message) {
            TokenBlock.this.warn(message);
        }
    }
}

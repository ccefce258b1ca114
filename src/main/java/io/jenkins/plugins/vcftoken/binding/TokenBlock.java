package io.jenkins.plugins.vcftoken.binding;

import edu.umd.cs.findbugs.annotations.CheckForNull;
import hudson.AbortException;
import hudson.FilePath;
import hudson.Util;
import hudson.console.HyperlinkNote;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.vcftoken.DerivedToken;
import io.jenkins.plugins.vcftoken.Messages;
import io.jenkins.plugins.vcftoken.VcfTokenService;
import io.jenkins.plugins.vcftoken.lease.Lease;
import io.jenkins.plugins.vcftoken.lease.LeaseOwner;
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
 * A block of a Pipeline, or a freestyle build, that has a lease on an access token, and one on each token that its
 * bindings derive from it: its variables, masks and files.
 * Saved with a Pipeline build. For any thread. Methods that do not throw {@link InterruptedException} do no I/O and
 * do not wait.
 */
public final class TokenBlock implements LeaseOwner, Serializable {

    @Serial
    private static final long serialVersionUID = 1;

    private static final Logger LOGGER = Logger.getLogger(TokenBlock.class.getName());

    private static final int RESUME_SECONDS = 60;

    /** Of the day, since blocks last hours, with the zone, since agents and readers have others. */
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss z", Locale.ENGLISH);

    /** Longer than the timeout of a request. */
    private static final Duration RENEWAL_TIMEOUT = Duration.ofSeconds(60);

    private final String run;
    private final String charset;
    private final String credentialsId;
    private final BlockVariables variables;
    private final IssuedTokens issued = new IssuedTokens();

    /** Null before the block is open, and when it has no files. */
    @CheckForNull
    private volatile BlockTokenFiles files;

    @CheckForNull
    private final TokenBlock outer;

    /** Null until the block opens, also after a restart. Its ID changes when its job is moved. */
    private transient volatile Run<?, ?> build;

    private transient volatile Lease lease;

    /** On the derived tokens, in the order of their numbers; null without any, also after a restart. */
    @CheckForNull
    private transient volatile List<Lease> derivedLeases;

    private transient volatile TaskListener listener;
    private transient volatile Runnable save;
    private transient volatile boolean closed;

    /** Whether the log gets warnings alone. */
    private final boolean quiet;

    /** Open until there is a lease after a restart, or the first try to get one has failed; null without a restart. */
    private transient volatile CountDownLatch resuming;

    /**
     * @param tokenVariable gets the access token
     * @param urlVariable gets the system's address
     * @param quiet whether the log gets warnings alone, and no lines about the access token's expiry and renewals
     * @param outer the block around this one; null for none
     * @throws AbortException when a variable cannot have its name
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
     * Lets bindings add their variables and files, and gets a lease on an access token, which is renewed until the block
     * closes. Blocks.
     *
     * @param organization the tenant organization, for a provider's credential; empty for the credential's own
     * @param bindings none after a restart: the block has their variables and files
     * @param listener the build's log; gets warnings from any thread
     * @param save called when there is state to save; null when the build cannot be resumed
     * @throws AbortException when a binding refuses, or when there is no access token; its message is meant for the
     *     build's log
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
        BindingContext.AccessTokenSource opening =
                () -> lease(credentials, organization, build, minimumValidity).accessToken();
        try {
            bind(bindings, new BindingContext(credentials, organization, build, listener, variables, opening));
            Lease opened = lease(credentials, organization, build, minimumValidity);
            openDerivedLeases(credentials, organization, build, minimumValidity);
            isOpen = true;
            logOpened(credentials, organization, opened.accessToken());
        } finally {
            // After a restart there are further tries, and the registry must find the block at the end of the build.
            if (!isOpen && (resuming == null || closed)) {
                close();
            }
        }
        this.save = save;
        BlockTokenFiles written = files;
        if (written != null) {
            CompletableFuture<Void> current = written.start(this::fileContents, this::warn);
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

    private Lease lease(VcfCredentials credentials, String organization, Run<?, ?> build, Duration minimumValidity)
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

    /** A link for users who may see the credential. */
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
        List<DerivedToken> tokens = variables.derivedTokens();
        List<Lease> opened = new ArrayList<>(Util.fixNull(derivedLeases));
        while (opened.size() < tokens.size()) {
            DerivedToken token = tokens.get(opened.size());
            LeaseOwner owner = new DerivedTokenOwner(TokenTemplate.ACCESS_TOKEN + 1 + opened.size());
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

    /** Of the access token, and of those that are derived from it; empty before the block has one. */
    private List<Lease> leases() {
        List<Lease> leases = new ArrayList<>();
        Lease own = lease;
        if (own != null) {
            leases.add(own);
        }
        leases.addAll(Util.fixNull(derivedLeases));
        return leases;
    }

    @CheckForNull
    private Map<String, WriteTokenFiles.Content> fileContents() {
        return variables.fillFiles(issued::current);
    }

    /** After a restart, steps must not read files from before. A write that fails is repeated and logged. */
    private static void awaitRewritten(CompletableFuture<Void> written) throws InterruptedException {
        try {
            written.get(RESUME_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOGGER.log(Level.FINE, e, () -> "Some token files are still those of before the restart");
        }
    }

    /** Waits until the files exist in a workspace, or warns if they cannot. */
    void awaitFiles(String node, FilePath workspace, @CheckForNull String temporary)
            throws IOException, InterruptedException {
        BlockTokenFiles awaited = files;
        if (awaited == null) {
            return;
        }
        if (temporary == null) {
            warn(Messages.WithVcfTokenStep_noTemporary(workspace.getRemote()));
        } else {
            awaited.await(awaited.location(node, temporary));
        }
    }

    /** After a restart, before {@link #open} is called again. */
    void markResuming() {
        issued.markInterrupted();
        resuming = new CountDownLatch(1);
    }

    /** After a restart, when the first call of {@link #open} is over, successful or not. */
    void markResumed() {
        resuming.countDown();
    }

    /**
     * After a restart, waits until there is a lease again, or the first try to get one has failed. Only the first
     * caller waits for the whole limit.
     *
     * @return whether the environment may be out of date, because this method waited
     */
    boolean awaitResumed() throws InterruptedException {
        CountDownLatch latch = resuming;
        if (latch == null || latch.getCount() == 0) {
            return false;
        }
        boolean over = latch.await(RESUME_SECONDS, TimeUnit.SECONDS);
        latch.countDown();
        return over;
    }

    /**
     * Where a token has expired, while the machine was suspended for example, waits until its renewal is over.
     *
     * @return whether the environment has a token of this block that is no longer its current one
     */
    boolean awaitLiveToken(Map<String, String> env) throws InterruptedException {
        List<Lease> open = leases();
        if (open.isEmpty()) {
            return false;
        }
        for (Lease each : open) {
            each.awaitLiving(RENEWAL_TIMEOUT);
        }
        return variables.isOutdated(env, issued::current, issued.values());
    }

    boolean isClosed() {
        return closed;
    }

    /** Closes the leases and deletes the files. Further calls do nothing. */
    public void close() {
        closed = true;
        TokenBlockRegistry.get().remove(this);
        List<Lease> open = leases();
        // The derived ones first: their sessions end while the access token that they came of is valid.
        Collections.reverse(open);
        open.forEach(Lease::close);
        BlockTokenFiles deleted = files;
        if (deleted != null) {
            deleted.delete();
        }
    }

    /**
     * Renews the access token and those that are derived from it. Blocks.
     *
     * @throws TokenUnavailableException when one of them has no newer one
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

    /** Adds the variables of the block, without those that hold paths, to an environment. */
    public void contribute(Map<String, String> env) {
        // Starts renewals that are overdue. The tokens are those that the leases have published here.
        leases().forEach(Lease::accessToken);
        issued.contribute(env, variables);
    }

    /** @param temporary the directory for temporary files that belongs to the workspace */
    void contributePaths(Map<String, String> env, String temporary) {
        BlockTokenFiles named = files;
        if (named != null) {
            variables.contributePaths(env, named, temporary);
        }
    }

    /**
     * @return where the variables of an environment say that the files are; null when they name no file of this block
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

    IssuedTokens issued() {
        return issued;
    }

    Charset charset() {
        return Charset.forName(charset);
    }

    boolean isOf(Run<?, ?> other) {
        Run<?, ?> known = build;
        return known != null && known.getExternalizableId().equals(other.getExternalizableId());
    }

    String credentialsId() {
        return credentialsId;
    }

    /** The variables whose values contain a token. */
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

    /** The build's ID, because a build can set its display name to any text. */
    @Override
    public String who() {
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

    /** Owns the lease on a derived token. */
    private final class DerivedTokenOwner implements LeaseOwner {

        private final int number;

        DerivedTokenOwner(int number) {
            this.number = number;
        }

        @Override
        public String who() {
            return TokenBlock.this.who();
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

    /** Sends warnings to this log from now on: after a restart there may be some before the block is open. */
    void setListener(TaskListener listener) {
        this.listener = listener;
    }
}
